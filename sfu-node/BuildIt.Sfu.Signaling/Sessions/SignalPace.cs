using System.Diagnostics;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Signaling.Sessions;

/// <summary>How fast one client's requests are read: by their number, by their size, and by the time they take. Not thread-safe.</summary>
public sealed class SignalPace
{
    /// <summary>
    /// Longest wait at a time; what is still owed then is waited for after the next request. The first requests of a process cost what
    /// the compiler takes, and an honest client's next offer must not wait longer than it waits for an answer, which LiveKit's do for 15 s.
    /// </summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    private const double MessagesPerSecond = 100;
    private const double MessageBurst = 500;
    private const double BytesPerSecond = 1024 * 1024;
    private const double ByteBurst = 4 * SignalConnection.MaxMessage;

    /// <summary>Share of a processor, and so at most of the room's loop, that one client's requests may take on average.</summary>
    private const double WorkShare = 0.05;

    /// <summary>Seconds that they may take at once.</summary>
    private const double WorkBurst = 0.5;

    private TokenBucket _messages = new(MessagesPerSecond, MessageBurst);
    private TokenBucket _bytes = new(BytesPerSecond, ByteBurst);
    private TokenBucket _work = new(WorkShare, WorkBurst);

    /// <summary>A request of <paramref name="bytes"/> has arrived.</summary>
    /// <returns>How long to wait before it is acted on.</returns>
    public TimeSpan Arrived(int bytes, Instant now)
    {
        var wait = _messages.Take(1, now);
        var waitForBytes = _bytes.Take(bytes, now);
        return wait > waitForBytes ? wait : waitForBytes;
    }

    /// <summary>A request was acted on, which took <paramref name="work"/> of a processor.</summary>
    /// <returns>How long to wait before the next is read.</returns>
    public TimeSpan Worked(TimeSpan work, Instant now)
    {
        var wait = _work.Take(work.TotalSeconds, now);
        return wait > MaxWait ? MaxWait : wait;
    }
}

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
