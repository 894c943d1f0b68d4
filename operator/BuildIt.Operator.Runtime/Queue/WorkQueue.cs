using BuildIt.Operator.Runtime.Metrics;

namespace BuildIt.Operator.Runtime.Queue;

/// <summary>A <see cref="WorkQueueCore{TKey}"/> for several threads, with a clock. Every member may be called from any thread.</summary>
public sealed class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly WorkQueueCore<TKey> _core;
    private readonly TimeProvider _time;
    private readonly string _name;
    private readonly ITimer _timer;
    private TaskCompletionSource _changed = NewSignal();

    public WorkQueue(string name, Backoff backoff, TimeSpan minInterval, TimeProvider time)
    {
        _name = name;
        _core = new WorkQueueCore<TKey>(backoff, minInterval);
        _time = time;
        _timer = time.CreateTimer(_ => Signal(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Asks for a run of <paramref name="key"/>, now or after a delay.</summary>
    public void Add(TKey key, TimeSpan delay = default)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            _core.Add(key, now + delay, now);
            Publish_NeedsLock();
        }

        Signal();
    }

    /// <summary>Waits for a key whose time has come. The caller must <see cref="Complete"/> it.</summary>
    public async ValueTask<TKey> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            Task changed;
            lock (_lock)
            {
                var now = _time.GetUtcNow();
                if (_core.TryTake(now, out var key, out var late))
                {
                    RuntimeMetrics.QueueLatency.WithLabels(_name).Observe(late.TotalSeconds);
                    Publish_NeedsLock();
                    return key;
                }

                changed = _changed.Task;
                var due = _core.NextDue();
                _timer.Change(due is { } at ? Max(at - now, TimeSpan.FromMilliseconds(1)) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }

            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the run of a key.</summary>
    public void Complete(TKey key, WorkOutcome outcome)
    {
        lock (_lock)
        {
            _core.Complete(key, outcome, _time.GetUtcNow(), Random.Shared.NextDouble());
            if (outcome.Failed)
            {
                RuntimeMetrics.Retries.WithLabels(_name).Inc();
            }

            Publish_NeedsLock();
        }

        Signal();
    }

    public void Dispose() => _timer.Dispose();

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Publish_NeedsLock() => RuntimeMetrics.QueueDepth.WithLabels(_name).Set(_core.Waiting);

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            changed = _changed;
            _changed = NewSignal();
        }

        changed.SetResult();
    }
}
