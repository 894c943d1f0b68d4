using System.Globalization;

namespace BuildIt.Sfu.Contracts;

/// <summary>
/// How many connections a process may accept, so that descriptors are left for everything else: without one to open, files, threads
/// and connections of its own fail, and the process with them.
/// </summary>
/// <param name="Limit">Descriptors the process may have (RLIMIT_NOFILE).</param>
/// <param name="Used">Descriptors it has at the start.</param>
public readonly record struct DescriptorBudget(int Limit, int Used)
{
    /// <summary>
    /// What a process of ours needs itself: each assembly that is loaded keeps its descriptor, which come to 230 when everything has been
    /// used once, and most are not at the start.
    /// </summary>
    public const int Needed = 264;

    /// <summary>Fewer than this would serve nobody.</summary>
    public const int Least = 8;

    /// <summary>What can be given to connections.</summary>
    public int Free => Math.Max(0, Limit - Math.Max(Used, Needed));

    /// <summary>A share of it for one port.</summary>
    /// <param name="parts">So many of...</param>
    /// <param name="of">...these.</param>
    /// <param name="most">Not more than these.</param>
    public int Share(int parts, int of, int most = int.MaxValue) => Math.Clamp((int)((long)Free * parts / of), Least, Math.Max(Least, most));

    /// <summary>Of this process.</summary>
    public static DescriptorBudget Read()
    {
        try
        {
            // "Max open files            1024                 524288               files"
            var line = File.ReadLines("/proc/self/limits").FirstOrDefault(text => text.StartsWith("Max open files", StringComparison.Ordinal));
            var soft = line?["Max open files".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            var limit = int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
            return new DescriptorBudget(limit, Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Not Linux: nothing is known, and nothing bounded.
            return new DescriptorBudget(int.MaxValue, 0);
        }
    }
}
