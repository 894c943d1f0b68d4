using System.Globalization;
using BuildIt.Sfu.Bench;

switch (args)
{
    case ["limit", .. var rest]:
        int destinations = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 64;
        double seconds = rest.Length > 1 ? double.Parse(rest[1], CultureInfo.InvariantCulture) : 3;
        return await new LimitBenchmark(destinations, TimeSpan.FromSeconds(seconds)).RunAsync(Console.Out);

    default:
        Console.Error.WriteLine("usage: limit [destinations] [seconds for each row]");
        return 2;
}
