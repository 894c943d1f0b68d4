namespace BuildIt.Testing;

/// <summary>
/// How long this machine lets a thread wait for its turn. Tests that ask for media without interruption allow what the
/// machine itself interrupted, so that they find faults of the node and not of a busy computer. Any thread.
/// </summary>
public sealed class StallMeter : IDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    /// <summary>A packet passes a sender, a loop of the node, a proxy and a receiver: each may have to wait for its turn.</summary>
    private const int ThreadsOnTheWay = 4;

    private readonly Thread _thread;
    private long _longestTicks;
    private volatile bool _ended;

    private StallMeter()
    {
        _thread = new Thread(Measure) { IsBackground = true, Name = "stall meter" };
        _thread.Start();
    }

    /// <summary>The longest time by which a thread that asked to sleep for a moment was woken too late.</summary>
    public TimeSpan Longest => TimeSpan.FromTicks(Interlocked.Read(ref _longestTicks));

    /// <summary>What such waits may add to a packet's way.</summary>
    public TimeSpan Allowance => Longest * ThreadsOnTheWay;

    /// <summary>Begins to measure.</summary>
    public static StallMeter Start() => new();

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended = true;
        _thread.Join();
    }

    private void Measure()
    {
        while (!_ended)
        {
            var since = TimeProvider.System.GetTimestamp();
            Thread.Sleep(Step);
            var late = TimeProvider.System.GetElapsedTime(since) - Step;
            if (late.Ticks > Interlocked.Read(ref _longestTicks))
            {
                Interlocked.Exchange(ref _longestTicks, late.Ticks);
            }
        }
    }
}
