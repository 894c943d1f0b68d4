using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net.Tests.Timing;

public sealed class DeadlineQueueTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Random_schedules_fire_exactly_when_a_plain_list_says(int seed)
    {
        var random = new Random(seed);
        var queue = new DeadlineQueue();
        var fired = new List<int>();
        LoopTimer[] timers = [.. Enumerable.Range(0, 200).Select(id => new LoopTimer(queue, new Recorder(id, fired)))];
        var expected = new Dictionary<int, Instant>();
        var now = Instant.Zero;
        for (int step = 0; step < 5000; step++)
        {
            int id = random.Next(timers.Length);
            if (random.Next(4) == 0)
            {
                timers[id].Cancel();
                expected.Remove(id);
            }
            else
            {
                var due = new Instant(now.Microseconds + random.Next(1, 3000));
                timers[id].Schedule(due);
                expected[id] = due;
            }

            now = new Instant(now.Microseconds + random.Next(20));
            Assert.True(queue.Earliest <= expected.Values.DefaultIfEmpty(Instant.Never).Min());
            fired.Clear();

            // Keys of postponed timers may use up a call's budget; what is due is fired after a few at most.
            for (int i = 0; i < 3; i++)
            {
                queue.RunDue(now, error => Assert.Fail(error.ToString()));
            }

            int[] due2 = [.. expected.Where(e => e.Value <= now).Select(e => e.Key).Order()];
            Assert.Equal(due2, fired.Order());
            Array.ForEach(due2, fire => expected.Remove(fire));
        }
    }

    [Fact]
    public void A_timer_that_reschedules_itself_to_now_does_not_hold_the_loop()
    {
        var queue = new DeadlineQueue();
        var handler = new SelfScheduler();
        handler.Timer = new LoopTimer(queue, handler);
        handler.Timer.Schedule(Instant.Zero);

        Assert.Equal(1, queue.RunDue(Instant.Zero, _ => { }));
        Assert.Equal(1, queue.RunDue(Instant.Zero, _ => { }));
    }

    private sealed class Recorder(int id, List<int> fired) : IDeadlineHandler
    {
        public void OnDeadline(Instant now) => fired.Add(id);
    }

    private sealed class SelfScheduler : IDeadlineHandler
    {
        public LoopTimer Timer { get; set; } = null!;

        public void OnDeadline(Instant now) => Timer.Schedule(now);
    }
}
