using System.Globalization;

namespace BuildIt.Sfu.Bench;

/// <summary>Processor time of another process.</summary>
internal static class ProcessorTime
{
    /// <summary>That of the process, and of those of its threads whose name starts with <paramref name="threads"/>.</summary>
    public static (TimeSpan Process, TimeSpan Threads) Of(int process, string threads)
    {
        TimeSpan whole = Read($"/proc/{process}/stat", "").Time;
        TimeSpan some = TimeSpan.Zero;
        foreach (string task in Directory.GetDirectories($"/proc/{process}/task"))
        {
            (string name, TimeSpan time) = Read($"{task}/stat", task);
            some += name.StartsWith(threads, StringComparison.Ordinal) ? time : TimeSpan.Zero;
        }

        return (whole, some);
    }

    private static (string Name, TimeSpan Time) Read(string path, string threadFolder)
    {
        try
        {
            // proc(5): the name is in parentheses; user and system time are fields 14 and 15, in hundredths of a second.
            string stat = File.ReadAllText(path);
            int end = stat.LastIndexOf(')');
            string[] fields = stat[(end + 2)..].Split(' ');
            long ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
            return (stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end], TimeSpan.FromMilliseconds(ticks * 10));
        }
        catch (IOException) when (threadFolder.Length > 0)
        {
            // The thread has ended meanwhile.
            return ("", TimeSpan.Zero);
        }
    }
}
