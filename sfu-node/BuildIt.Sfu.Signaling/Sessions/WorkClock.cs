using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>
/// Processor time of the calling thread. What a request took is measured by it: on a busy machine the time on the wall is mostly
/// what others took, and nobody should wait for that.
/// </summary>
internal static partial class WorkClock
{
    private const int ThreadCpuTime = 3;

    /// <summary>Differences count only, and only on one thread.</summary>
    public static TimeSpan Read() => GetTime(ThreadCpuTime, out var time) == 0
        ? TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromMicroseconds(time.Nanoseconds / 1000.0)
        : Stopwatch.GetElapsedTime(0);

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
