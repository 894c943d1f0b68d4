using System.Globalization;
using BuildIt.Sfu.Bench;
using BuildIt.Sfu.Bench.Signals;

switch (args)
{
    case ["limit", .. var rest]:
        int destinations = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 64;
        double seconds = rest.Length > 1 ? double.Parse(rest[1], CultureInfo.InvariantCulture) : 3;
        return await new LimitBenchmark(destinations, TimeSpan.FromSeconds(seconds)).RunAsync(Console.Out);

    case ["node", var root, .. var rest]:
        double nodeSeconds = rest.Length > 0 ? double.Parse(rest[0], CultureInfo.InvariantCulture) : 10;
        return await new NodeBenchmark(root, TimeSpan.FromSeconds(nodeSeconds)).RunAsync([.. rest.Skip(1)], Console.Out);

    case ["large", var root, .. var rest]:
        double largeSeconds = rest.Length > 0 ? double.Parse(rest[0], CultureInfo.InvariantCulture) : 600;
        int[] pods = rest.Length > 1 ? [.. rest[1].Split(',').Select(each => int.Parse(each, CultureInfo.InvariantCulture))] : [4, 1];
        return await new LargeRoomBenchmark(root, TimeSpan.FromSeconds(largeSeconds)).RunAsync(pods, Console.Out);

    case ["link", var root, .. var rest]:
        double linkSeconds = rest.Length > 0 ? double.Parse(rest[0], CultureInfo.InvariantCulture) : 20;
        string[] calls = rest.Length > 1 ? rest[1].Split(',') : ["1x50", "1x200", "6x150"];
        return await new LinkBenchmark(root, TimeSpan.FromSeconds(linkSeconds)).RunAsync([.. calls.Select(ReadCall)], Console.Out);

    case ["parts", var root, .. var rest]:
        double partSeconds = rest.Length > 0 ? double.Parse(rest[0], CultureInfo.InvariantCulture) : 20;
        int[] subscribers = rest.Length > 1 ? [.. rest[1].Split(',').Select(each => int.Parse(each, CultureInfo.InvariantCulture))] : [60, 300];
        return await new PartsBenchmark(root, TimeSpan.FromSeconds(partSeconds)).RunAsync(subscribers, Console.Out);

    case ["signals", var offer]:
        using (var costs = new SignalCosts(Console.Out))
        {
            return await costs.RunAsync(await File.ReadAllTextAsync(offer));
        }

    case ["receivers", var count]:
        return await Receivers.RunAsync(int.Parse(count, CultureInfo.InvariantCulture), Console.In, Console.Out);

    case ["publishers", var port, var count, var bursts, var packets, var run, var bytes]:
        return await Publishers.RunAsync(
            int.Parse(port, CultureInfo.InvariantCulture),
            int.Parse(count, CultureInfo.InvariantCulture),
            new Pace(double.Parse(bursts, CultureInfo.InvariantCulture), int.Parse(packets, CultureInfo.InvariantCulture)),
            double.Parse(run, CultureInfo.InvariantCulture),
            int.Parse(bytes, CultureInfo.InvariantCulture),
            Console.In,
            Console.Out);

    default:
        Console.Error.WriteLine("usage: limit [destinations] [seconds for each row]");
        Console.Error.WriteLine("       large <repository> [seconds] [pods,pods...]");
        Console.Error.WriteLine("       link <repository> [seconds] [ROOMSxPUBLISHERS,...]");
        Console.Error.WriteLine("       parts <repository> [seconds] [SUBSCRIBERS,...]");
        Console.Error.WriteLine("       receivers <count>");
        Console.Error.WriteLine("       publishers <port> <count> <bursts a second> <packets of each> <packets in a run> <bytes of each>");
        Console.Error.WriteLine("       signals <file with a browser's offer>");
        Console.Error.WriteLine("       node <repository> [seconds for each room] [1x50 1x200 1x1000 50x50]");
        return 2;
}

static (int Rooms, int Publishers) ReadCall(string call)
{
    string[] parts = call.Split('x');
    return (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
}
