using System.Diagnostics.CodeAnalysis;
using BuildIt.Operator.Runtime.Metrics;

namespace BuildIt.Operator.Runtime.Queue;

/// <summary>
/// A <see cref="WorkQueueCore{TKey}"/> for several threads, with a clock. Each key whose time has come wakes one of those who
/// wait, not all of them. Every member may be called from any thread.
/// </summary>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    // Timers count whole milliseconds.
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private readonly Lock _lock = new();
    private readonly WorkQueueCore<TKey> _core;
    private readonly TimeProvider _time;
    private readonly string _name;
    private readonly ITimer _timer;
    private readonly LinkedList<TaskCompletionSource<TKey>> _idle = [];
    private DateTimeOffset? _timerDue;

    public WorkQueue(string name, Backoff backoff, TimeSpan minInterval, TimeProvider time)
    {
        _name = name;
        _core = new WorkQueueCore<TKey>(backoff, minInterval);
        _time = time;
        _timer = time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // A counter that appears with the first failure has not increased yet, to whoever watches it.
        RuntimeMetrics.Retries.WithLabels(name);
    }

    /// <summary>Asks for a run of <paramref name="key"/>, now or after a delay.</summary>
    public void Add(TKey key, TimeSpan delay = default)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            _core.Add(key, now + delay, now);
            HandOut_NeedsLock(now);
        }
    }

    /// <summary>Waits for a key whose time has come. The caller must <see cref="Complete"/> it.</summary>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        LinkedListNode<TaskCompletionSource<TKey>> idle;
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            if (TryTake_NeedsLock(now, out var key))
            {
                HandOut_NeedsLock(now);
                return key;
            }

            idle = _idle.AddLast(new TaskCompletionSource<TKey>(TaskCreationOptions.RunContinuationsAsynchronously));
            HandOut_NeedsLock(now);
        }

        await using (cancellation.Register(() => GiveUp(idle, cancellation)).ConfigureAwait(false))
        {
            return await idle.Value.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Ends the run of a key.</summary>
    public void Complete(TKey key, WorkOutcome outcome)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            _core.Complete(key, outcome, now, Random.Shared.NextDouble());
            if (outcome.Failed)
            {
                RuntimeMetrics.Retries.WithLabels(_name).Inc();
            }

            HandOut_NeedsLock(now);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void OnTimer()
    {
        lock (_lock)
        {
            _timerDue = null;
            HandOut_NeedsLock(_time.GetUtcNow());
        }
    }

    // Under the lock, so that whoever is woken with a key is never one that has just given up.
    private void GiveUp(LinkedListNode<TaskCompletionSource<TKey>> idle, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (idle.List is not null)
            {
                _idle.Remove(idle);
                idle.Value.SetCanceled(cancellation);
            }
        }
    }

    private bool TryTake_NeedsLock(DateTimeOffset now, [MaybeNullWhen(false)] out TKey key)
    {
        if (!_core.TryTake(now, out key, out var late))
        {
            return false;
        }

        RuntimeMetrics.QueueLatency.WithLabels(_name).Observe(late.TotalSeconds);
        return true;
    }

    /// <summary>Gives keys whose time has come to those who wait, and sets the timer for the next one while somebody still does.</summary>
    private void HandOut_NeedsLock(DateTimeOffset now)
    {
        while (_idle.First is { } first && TryTake_NeedsLock(now, out var key))
        {
            _idle.RemoveFirst();
            first.Value.SetResult(key);
        }

        RuntimeMetrics.QueueDepth.WithLabels(_name).Set(_core.Waiting);
        if (_idle.Count > 0 && _core.NextDue() is { } due && due != _timerDue)
        {
            _timerDue = due;
            _timer.Change(due - now > Shortest ? due - now : Shortest, Timeout.InfiniteTimeSpan);
        }
    }
}
