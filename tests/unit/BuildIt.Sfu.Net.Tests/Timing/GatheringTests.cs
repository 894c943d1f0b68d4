using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net.Tests.Timing;

public sealed class GatheringTests
{
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(1);

    private readonly Gathering _gathering = new(Window, aboveRate: 5000);
    private Instant _now = Instant.FromMilliseconds(1_000_000);
    private long _packets;

    [Fact]
    public void A_quiet_loop_never_rests()
    {
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(TimeSpan.Zero, Rest(packets: 4, every: TimeSpan.FromMilliseconds(1)));
        }
    }

    [Fact]
    public void A_busy_loop_rests_and_a_quiet_one_stops_to()
    {
        for (int i = 0; i < 300; i++)
        {
            Rest(packets: 6, every: TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(Window, Rest(packets: 6, every: TimeSpan.FromMilliseconds(1)));
        for (int i = 0; i < 300; i++)
        {
            Rest(packets: 1, every: TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(TimeSpan.Zero, Rest(packets: 1, every: TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void Bursts_of_frames_with_nothing_between_are_load_all_the_time()
    {
        for (int i = 0; i < 10; i++)
        {
            Rest(packets: 600, every: TimeSpan.FromMilliseconds(33));
        }

        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(Window, Rest(packets: 600, every: TimeSpan.FromMilliseconds(33)));
        }
    }

    private TimeSpan Rest(int packets, TimeSpan every)
    {
        _now += every;
        _packets += packets;
        return _gathering.RestUntil(_now, _packets) - _now;
    }
}
