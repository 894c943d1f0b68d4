using System.Diagnostics;

namespace BuildIt.Testing.Network;

/// <summary>Delivers what is put in when its time has come, in the order of times; of equal ones the first put in first. Any thread.</summary>
internal sealed class DelayLine<T> : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<T, (TimeSpan At, long Order)> _waiting = new();
    private readonly SemaphoreSlim _changed = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Func<T, CancellationToken, ValueTask> _deliver;
    private readonly Task _delivering;
    private long _order;

    /// <param name="deliver">Called for one after the other.</param>
    public DelayLine(Func<T, CancellationToken, ValueTask> deliver)
    {
        _deliver = deliver;
        _delivering = Task.Run(DeliverAsync);
    }

    /// <summary>The time of this line's clock.</summary>
    public TimeSpan Now => _clock.Elapsed;

    public void Add(T item, TimeSpan at)
    {
        lock (_lock)
        {
            _waiting.Enqueue(item, (at, _order++));
        }

        _changed.Release();
    }

    /// <summary>What has not been delivered is lost.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _delivering;
        _stop.Dispose();
        _changed.Dispose();
    }

    private async Task DeliverAsync()
    {
        try
        {
            while (true)
            {
                if (TryTake(out var item, out var wait))
                {
                    await _deliver(item!, _stop.Token);
                }
                else
                {
                    await _changed.WaitAsync(wait, _stop.Token);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private bool TryTake(out T? item, out TimeSpan wait)
    {
        lock (_lock)
        {
            wait = Timeout.InfiniteTimeSpan;
            if (_waiting.TryPeek(out item, out var when))
            {
                wait = when.At - _clock.Elapsed;
                if (wait <= TimeSpan.Zero)
                {
                    _waiting.Dequeue();
                    return true;
                }
            }

            return false;
        }
    }
}
