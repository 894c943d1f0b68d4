using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;
using Microsoft.Extensions.Time.Testing;

namespace BuildIt.Operator.Tests.Rooms;

public sealed class CountWritesTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Three_hundred_rooms_are_called_in_the_order_of_their_news_within_the_budget()
    {
        using var counts = new CountWrites(_time);
        var turns = new List<string>();
        counts.Called += Ask;
        foreach (var i in Enumerable.Range(0, 300))
        {
            Ask(new ObjectKey("ns", $"room-{i:000}"));
        }

        var atOnce = turns.Count;
        Assert.InRange(atOnce, 1, CountPolicy.PerSecond / 10);
        for (var second = 1; second <= 7; second++)
        {
            for (var step = 0; step < CountPolicy.PerSecond; step++)
            {
                _time.Advance(TimeSpan.FromSeconds(1) / CountPolicy.PerSecond);
            }

            Assert.InRange(turns.Count, Math.Min(300, second * CountPolicy.PerSecond / 2), atOnce + (second * CountPolicy.PerSecond));
        }

        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"room-{i:000}"), turns);

        void Ask(ObjectKey room)
        {
            if (counts.Ask(room))
            {
                counts.Wrote(room);
                turns.Add(room.Name);
            }
        }
    }

    /// <summary>The clock of the machine may be set back by hours; nobody waits for hours then.</summary>
    [Fact]
    public void A_clock_that_is_set_back_keeps_nobody_waiting()
    {
        var clock = new Clock(_time);
        using var counts = new CountWrites(clock);
        var room = new ObjectKey("ns", "room");
        var called = 0;
        counts.Called += _ => called++;
        Assert.True(counts.Ask(room));
        counts.Wrote(room);
        clock.Back = TimeSpan.FromHours(3);
        Assert.False(counts.Ask(room));

        _time.Advance(CountPolicy.Interval);

        Assert.Equal(1, called);
        Assert.True(counts.Ask(room));
    }

    private sealed class Clock(FakeTimeProvider time) : TimeProvider
    {
        public TimeSpan Back { get; set; }

        public override long TimestampFrequency => time.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow() - Back;

        public override long GetTimestamp() => time.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);
    }
}
