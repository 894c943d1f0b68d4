using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Runtime.Caching;
using Prometheus;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Says which room may have its number of people written now, and calls the others when it is their turn. Any thread.
/// </summary>
internal sealed class CountWrites : IDisposable
{
    private static readonly Gauge Waiting = Prometheus.Metrics.CreateGauge(
        "buildit_operator_counts_waiting", "Rooms whose status says another number of participants than their pod, and waits for its turn.");

    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly Lock _lock = new();
    private readonly CountTurns<ObjectKey> _turns = new(CountPolicy.PerSecond, CountPolicy.Interval);
    private readonly System.Threading.ITimer _timer;

    public CountWrites(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Call(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised for a room whose turn has come. It is to ask for it.</summary>
    public event Action<ObjectKey>? Called;

    // No clock that somebody may set: whoever waits would wait until it is there again.
    private DateTimeOffset Now => DateTimeOffset.UnixEpoch + _time.GetElapsedTime(_start);

    /// <summary>Asks for a turn.</summary>
    /// <returns>True when it is the room's turn, which is used up by this answer; false when it will be called.</returns>
    public bool Ask(ObjectKey room)
    {
        lock (_lock)
        {
            var may = _turns.Ask(room, Now);
            Plan_NeedsLock();
            return may;
        }
    }

    /// <summary>The room's status says what it should: nothing is left to be written.</summary>
    public void Settle(ObjectKey room)
    {
        lock (_lock)
        {
            if (_turns.Settle(room))
            {
                Plan_NeedsLock();
            }
        }
    }

    /// <summary>The room's status was written, for whatever reason; the number of people with it.</summary>
    public void Wrote(ObjectKey room)
    {
        lock (_lock)
        {
            _turns.Wrote(room, Now);
            Plan_NeedsLock();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Call()
    {
        IReadOnlyList<ObjectKey> called;
        lock (_lock)
        {
            called = _turns.Call(Now);
            Plan_NeedsLock();
        }

        foreach (var room in called)
        {
            Called?.Invoke(room);
        }
    }

    private void Plan_NeedsLock()
    {
        Waiting.Set(_turns.Waiting);

        // A timer counts whole milliseconds and would ring before the time.
        var wait = _turns.NextDeadline - Now is { } due ? TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(due.TotalMilliseconds))) : Timeout.InfiniteTimeSpan;
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
