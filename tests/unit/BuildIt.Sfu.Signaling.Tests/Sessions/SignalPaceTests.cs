using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Sessions;

namespace BuildIt.Sfu.Signaling.Tests.Sessions;

public sealed class SignalPaceTests
{
    private readonly SignalPace _pace = new();
    private Instant _now = Instant.Zero;

    [Fact]
    public void A_client_that_joins_a_cold_node_does_not_wait()
    {
        // Offers, announcements and candidates of a first join, each compiled for the first time.
        for (var request = 0; request < 10; request++)
        {
            Assert.Equal(TimeSpan.Zero, _pace.Worked(TimeSpan.FromMilliseconds(50), _now));
        }
    }

    [Fact]
    public void One_request_is_charged_all_that_it_took()
    {
        // The answer to an offer must not be kept from a client for longer than it waits, but nothing is forgiven.
        var waits = 0;
        for (var wait = _pace.Worked(TimeSpan.FromSeconds(4.7), _now); wait > TimeSpan.Zero; wait = _pace.Worked(TimeSpan.Zero, _now))
        {
            Assert.InRange(wait, TimeSpan.Zero, SignalPace.MaxWait);
            _now += wait;
            waits++;
        }

        Assert.InRange(waits, 9, 10);
        Assert.InRange(_now.TotalSeconds(), 83.9, 84.1);
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
