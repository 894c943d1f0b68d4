using System.Globalization;

namespace BuildIt.Sfu.Bench;

/// <summary>Processor time of another process.</summary>
internal static class ProcessorTime
{
    /// <summary>That of the process, and of those of its threads whose name starts with <paramref name="threads"/>.</summary>
    public static (TimeSpan Process, TimeSpan Threads) Of(int process, string threads)
    {
        TimeSpan some = TimeSpan.Zero;
        foreach (int thread in ProcessThreads.Named(process, threads))
        {
            some += Read($"/proc/{process}/task/{thread}/stat");
        }

        return (Read($"/proc/{process}/stat"), some);
    }

    private static TimeSpan Read(string path)
    {
        // proc(5): the name is in parentheses; user and system time are fields 14 and 15, in hundredths of a second.
        string stat = File.ReadAllText(path);
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        long ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        return TimeSpan.FromMilliseconds(ticks * 10);
    }
}
