using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Links;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Links;

public sealed class LinkProbeTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private readonly LinkProbe _probe = new(Interval);
    private Instant _now = Instant.FromMilliseconds(1000);

    [Fact]
    public void Nothing_is_known_before_anything_came_back()
    {
        Assert.True(_probe.TryTake(_now, out _));
        Assert.Null(_probe.RoundTrip);
        Assert.Null(_probe.Jitter);
        Assert.Null(_probe.Loss(_now));
        Assert.Null(_probe.HeardAt);
    }

    [Fact]
    public void One_is_due_after_each_interval()
    {
        Assert.True(_probe.TryTake(_now, out var first));
        Assert.False(_probe.TryTake(_now + Interval / 2, out _));
        Assert.Equal(_now + Interval, _probe.NextDeadline);
        Assert.True(_probe.TryTake(_now + Interval, out var second));
        Assert.Equal(first + 1, second);
    }

    [Fact]
    public void Round_trip_and_its_variation_are_smoothed()
    {
        for (var i = 0; i < 100; i++)
        {
            Answer(TimeSpan.FromMilliseconds(i % 2 == 0 ? 80 : 100));
        }

        Assert.InRange(_probe.RoundTrip!.Value.TotalMilliseconds, 85, 95);
        Assert.InRange(_probe.Jitter!.Value.TotalMilliseconds, 19, 20.1);
        Assert.Equal(0, _probe.Loss(_now));
    }

    [Fact]
    public void What_does_not_come_back_is_lost_and_what_comes_twice_counts_once()
    {
        for (var i = 0; i < 32; i++)
        {
            if (i % 4 == 0)
            {
                _probe.TryTake(_now, out _);
                _now += Interval;
            }
            else
            {
                Answer(TimeSpan.FromMilliseconds(10));
            }
        }

        _now += TimeSpan.FromSeconds(3);
        Assert.Equal(0.25, _probe.Loss(_now));
        _probe.OnAnswer(2, _now);
        _probe.OnAnswer(0, _now);
        _probe.OnAnswer(4000, _now);
        Assert.Equal(0.25, _probe.Loss(_now));
        Assert.Equal(10, _probe.RoundTrip!.Value.TotalMilliseconds, 3);
    }

    private void Answer(TimeSpan after)
    {
        Assert.True(_probe.TryTake(_now, out var number));
        _probe.OnAnswer(number, _now + after);
        _now += Interval;
    }
}
