using BuildIt.Sfu.Media.Units;
using BuildIt.Sfu.Signaling.Sessions;

namespace BuildIt.Sfu.Signaling.Tests.Sessions;

public sealed class SignalPaceTests
{
    private readonly SignalPace _pace = new();
    private Instant _now = Instant.Zero;

    [Fact]
    public void A_client_that_joins_on_a_slow_machine_does_not_wait()
    {
        // Offers, announcements and candidates of a first join, each of which kept the loop for seconds.
        for (var request = 0; request < 10; request++)
        {
            Assert.Equal(TimeSpan.Zero, _pace.Worked(TimeSpan.FromSeconds(3), _now));
        }
    }

    [Fact]
    public void No_request_keeps_the_next_waiting_for_longer_than_a_second()
    {
        var longest = TimeSpan.Zero;
        for (var request = 0; request < 100; request++)
        {
            var wait = _pace.Worked(TimeSpan.FromSeconds(3), _now);
            longest = wait > longest ? wait : longest;
            _now += wait;
        }

        Assert.InRange(longest, TimeSpan.FromSeconds(0.99), TimeSpan.FromSeconds(1.01));
    }

    [Fact]
    public void Requests_take_a_twentieth_of_the_loop_on_average()
    {
        var work = TimeSpan.FromMilliseconds(20);
        var taken = TimeSpan.Zero;
        while (_now.TotalSeconds() < 1000)
        {
            taken += work;
            _now += _pace.Worked(work, _now);
        }

        Assert.InRange(taken.TotalSeconds, 49, 51);
    }

    [Fact]
    public void Many_requests_are_read_at_a_hundred_a_second()
    {
        for (var request = 0; request < 10_500; request++)
        {
            _now += _pace.Arrived(10, _now);
        }

        Assert.InRange(_now.TotalSeconds(), 99, 101);
    }
}

file static class Instants
{
    public static double TotalSeconds(this Instant instant) => (instant - Instant.Zero).TotalSeconds;
}
