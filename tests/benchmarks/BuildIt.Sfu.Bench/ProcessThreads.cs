using System.Globalization;

namespace BuildIt.Sfu.Bench;

/// <summary>Threads of another process, by the names that they have given themselves.</summary>
internal static class ProcessThreads
{
    /// <summary>Numbers of those whose name starts with <paramref name="name"/>.</summary>
    public static IEnumerable<int> Named(int process, string name) =>
        from folder in Directory.GetDirectories($"/proc/{process}/task")
        where NameOf(folder).StartsWith(name, StringComparison.Ordinal)
        select int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);

    private static string NameOf(string folder)
    {
        try
        {
            return File.ReadAllText($"{folder}/comm");
        }
        catch (IOException)
        {
            // The thread has ended meanwhile.
            return "";
        }
    }
}
