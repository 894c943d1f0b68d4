using BuildIt.Operator.Runtime.Queue;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Runtime.Tests.Queue;

public sealed class WorkQueueTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task A_waiter_wakes_when_the_time_of_a_key_comes()
    {
        using var queue = Queue();
        var taken = queue.TakeAsync(CancellationToken.None).AsTask();
        queue.Add("a", TimeSpan.FromSeconds(5));
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(taken.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("a", await taken.WaitAsync(Patience));
    }

    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        using var queue = Queue();
        using var cancel = new CancellationTokenSource();
        var taken = queue.TakeAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => taken.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_key_wakes_one_of_those_who_wait()
    {
        using var queue = Queue();
        var taken = Enumerable.Range(0, 3).Select(_ => queue.TakeAsync(CancellationToken.None).AsTask()).ToList();
        queue.Add("a");
        Assert.Equal("a", await taken[0].WaitAsync(Patience));
        Assert.False(taken[1].IsCompleted || taken[2].IsCompleted);

        // Together, by the timer: one each.
        queue.Add("b", TimeSpan.FromSeconds(1));
        queue.Add("c", TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(["b", "c"], (await Task.WhenAll(taken[1..]).WaitAsync(Patience)).Order());
    }

    [Fact]
    public async Task A_key_is_not_lost_to_somebody_who_gives_up()
    {
        using var queue = new WorkQueue<int>("test", Backoff.Default, TimeSpan.Zero, TimeProvider.System);
        for (var key = 0; key < 2000; key++)
        {
            using var cancel = new CancellationTokenSource();
            var leaves = queue.TakeAsync(cancel.Token).AsTask();
            var stays = queue.TakeAsync(CancellationToken.None).AsTask();
            await Task.WhenAll(Task.Run(cancel.Cancel), Task.Run(() => queue.Add(key)));
            try
            {
                Assert.Equal(key, await leaves.WaitAsync(Patience));
                queue.Complete(key, WorkOutcome.Done);
                queue.Add(-1);
                Assert.Equal(-1, await stays.WaitAsync(Patience));
                queue.Complete(-1, WorkOutcome.Done);
            }
            catch (OperationCanceledException)
            {
                Assert.Equal(key, await stays.WaitAsync(Patience));
                queue.Complete(key, WorkOutcome.Done);
            }
        }
    }

    [Fact]
    public async Task Many_workers_never_hold_the_same_key()
    {
        using var queue = new WorkQueue<int>("test", Backoff.Default, TimeSpan.Zero, TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var held = new int[5];
        var runs = 0;
        var clashes = 0;
        var workers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            try
            {
                while (true)
                {
                    var key = await queue.TakeAsync(stop.Token);
                    clashes += Interlocked.Increment(ref held[key]) - 1;
                    await Task.Yield();
                    Interlocked.Decrement(ref held[key]);
                    queue.Complete(key, WorkOutcome.Done);
                    Interlocked.Increment(ref runs);
                }
            }
            catch (OperationCanceledException)
            {
            }
        })).ToList();
        for (var i = 0; i < 5000; i++)
        {
            queue.Add(i % 5);
        }

        await Eventually.TrueAsync(() => Volatile.Read(ref runs) >= 5);
        await stop.CancelAsync();
        await Task.WhenAll(workers).WaitAsync(Patience);
        Assert.Equal(0, clashes);
    }

    private WorkQueue<string> Queue() => new("test", Backoff.Default, TimeSpan.FromMilliseconds(10), _time);
}
