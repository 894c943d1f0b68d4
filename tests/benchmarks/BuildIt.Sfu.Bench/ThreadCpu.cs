using System.Runtime.InteropServices;

namespace BuildIt.Sfu.Bench;

/// <summary>Processor time of the calling thread alone: wall time says nothing on a machine with neighbours.</summary>
internal static partial class ThreadCpu
{
    private const int ThreadCpuTimeClock = 3;

    public static long Nanoseconds()
    {
        _ = GetTime(ThreadCpuTimeClock, out Time time);
        return time.Seconds * 1_000_000_000 + time.Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
