using BuildIt.Operator.Runtime.Queue;

namespace BuildIt.Operator.Runtime.Tests.Queue;

public sealed class WorkQueueCoreTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    private readonly WorkQueueCore<string> _queue = new(new Backoff(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(60)), TimeSpan.FromMilliseconds(100));

    [Fact]
    public void A_key_asked_for_twice_runs_once_at_its_earliest_time()
    {
        _queue.Add("a", At(10), At(0));
        _queue.Add("a", At(5), At(0));
        _queue.Add("a", At(20), At(0));

        Assert.Equal(1, _queue.Waiting);
        Assert.Equal(At(5), _queue.NextDue());
        Assert.False(_queue.TryTake(At(4.9), out _, out _));
        Assert.True(_queue.TryTake(At(6), out var key, out var late));
        Assert.Equal("a", key);
        Assert.Equal(TimeSpan.FromSeconds(1), late);
        Assert.False(_queue.TryTake(At(100), out _, out _));
        Assert.Null(_queue.NextDue());
    }

    [Fact]
    public void A_key_never_runs_twice_at_once()
    {
        _queue.Add("a", At(0), At(0));
        Assert.True(_queue.TryTake(At(0), out _, out _));
        _queue.Add("a", At(0), At(0));
        _queue.Add("a", At(1), At(0));

        Assert.False(_queue.TryTake(At(50), out _, out _));

        _queue.Complete("a", WorkOutcome.Done, At(50), 0);
        Assert.True(_queue.TryTake(At(50), out _, out _));
    }

    [Fact]
    public void Keys_run_in_the_order_of_their_times()
    {
        _queue.Add("late", At(2), At(0));
        _queue.Add("first", At(1), At(0));
        _queue.Add("second", At(1), At(0));

        Assert.Equal(["first", "second", "late"], Drain(At(3)));
    }

    [Fact]
    public void Failures_are_retried_for_ever_and_ever_later()
    {
        _queue.Add("a", At(0), At(0));
        var now = At(0);
        var previous = TimeSpan.Zero;
        for (var i = 1; i <= 50; i++)
        {
            Assert.True(_queue.TryTake(now, out _, out _));
            Assert.Equal(i, _queue.Complete("a", WorkOutcome.Failure, now, 0.5));
            var next = _queue.NextDue()!.Value;
            Assert.True(next - now >= previous);
            Assert.True(next - now <= TimeSpan.FromSeconds(60));
            previous = next - now;
            now = next;
        }
    }

    [Fact]
    public void Success_forgets_failures()
    {
        _queue.Add("a", At(0), At(0));
        Assert.True(_queue.TryTake(At(0), out _, out _));
        _queue.Complete("a", WorkOutcome.Failure, At(0), 0.5);
        Assert.True(_queue.TryTake(At(100), out _, out _));
        Assert.Equal(0, _queue.Complete("a", WorkOutcome.After(TimeSpan.FromSeconds(30)), At(100), 0.5));

        Assert.Equal(At(130), _queue.NextDue());
    }

    [Fact]
    public void A_change_brings_a_retry_forward_but_not_hot()
    {
        _queue.Add("a", At(0), At(0));
        var now = At(0);
        for (var i = 0; i < 8; i++)
        {
            Assert.True(_queue.TryTake(now, out _, out _));
            _queue.Complete("a", WorkOutcome.Failure, now, 0.5);
            now = _queue.NextDue()!.Value;
        }

        Assert.True(_queue.TryTake(now, out _, out _));
        _queue.Complete("a", WorkOutcome.Failure, now, 0.5);
        _queue.Add("a", now, now);

        Assert.Equal(now + WorkQueueCore<string>.FailingInterval, _queue.NextDue());
    }

    [Fact]
    public void A_key_that_changes_all_the_time_starts_once_per_interval()
    {
        var starts = 0;
        for (var ms = 0; ms < 1000; ms++)
        {
            var now = Start.AddMilliseconds(ms);
            _queue.Add("a", now, now);
            if (_queue.TryTake(now, out _, out _))
            {
                starts++;
                _queue.Complete("a", WorkOutcome.Done, now, 0);
            }
        }

        Assert.Equal(10, starts);
    }

    [Fact]
    public void Nothing_is_kept_of_keys_that_are_done()
    {
        for (var i = 0; i < 1000; i++)
        {
            _queue.Add($"k{i}", At(i), At(i));
            Assert.True(_queue.TryTake(At(i), out var key, out _));
            _queue.Complete(key, WorkOutcome.Done, At(i), 0);
        }

        Assert.Equal(0, _queue.Waiting);
        Assert.Equal(0, _queue.Running);
        Assert.InRange(_queue.Remembered, 0, 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_use_loses_no_request(int seed)
    {
        var random = new Random(seed);
        var owed = new HashSet<string>();
        var running = new HashSet<string>();
        var now = Start;
        for (var step = 0; step < 20_000; step++)
        {
            now = now.AddMilliseconds(random.Next(30));
            var key = $"k{random.Next(20)}";
            switch (random.Next(3))
            {
                case 0:
                    _queue.Add(key, now, now);
                    owed.Add(key);
                    break;
                case 1 when _queue.TryTake(now, out var taken, out _):
                    Assert.True(running.Add(taken));
                    owed.Remove(taken);
                    break;
                case 2 when running.Count > 0:
                    var done = running.ElementAt(random.Next(running.Count));
                    running.Remove(done);
                    var failed = random.Next(4) == 0;
                    _queue.Complete(done, failed ? WorkOutcome.Failure : WorkOutcome.Done, now, random.NextDouble());
                    if (failed)
                    {
                        owed.Add(done);
                    }

                    break;
            }
        }

        foreach (var key in running)
        {
            _queue.Complete(key, WorkOutcome.Done, now, 0);
        }

        owed.ExceptWith(Drain(now.AddHours(1)));
        Assert.Empty(owed);
    }

    private List<string> Drain(DateTimeOffset now)
    {
        var keys = new List<string>();
        while (_queue.TryTake(now, out var key, out _))
        {
            keys.Add(key);
        }

        return keys;
    }

    private static DateTimeOffset At(double seconds) => Start.AddSeconds(seconds);
}
