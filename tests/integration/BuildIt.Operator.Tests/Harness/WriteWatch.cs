using System.Collections.Concurrent;
using BuildIt.Operator.Runtime.Client;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>Sees every write of the operator, and can end the process after a certain one.</summary>
internal sealed class WriteWatch : IApiWriteObserver
{
    private readonly ConcurrentQueue<string> _writes = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _left = int.MaxValue;
    private volatile bool _dead;

    /// <summary>The reconciler's own writes so far; renewals of the lease and Events do not count.</summary>
    public IReadOnlyCollection<string> Writes => _writes;

    /// <summary>Completes when the process has ended.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Ends the process after that many writes: the server has them, and their answers never arrive.</summary>
    public static WriteWatch EndAfter(int writes) => new() { _left = writes };

    public void EndNow() => _dead = true;

    public ValueTask BeforeWriteAsync(ApiWrite write, CancellationToken cancellation) =>
        _dead ? throw new HttpRequestException("the process has ended") : ValueTask.CompletedTask;

    public ValueTask AfterWriteAsync(ApiWrite write, CancellationToken cancellation)
    {
        if (write.Path.Contains("/leases", StringComparison.Ordinal) || write.Path.Contains("/events", StringComparison.Ordinal))
        {
            return ValueTask.CompletedTask;
        }

        _writes.Enqueue($"{write.Verb} {write.Path}");
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _dead = true;
            _ended.TrySetResult();
        }

        return _dead ? throw new HttpRequestException("the process has ended") : ValueTask.CompletedTask;
    }
}
