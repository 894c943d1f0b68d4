using BuildIt.Sfu.Media.Allocation;
using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Allocation;

public sealed class LayerAllocatorTests
{
    private readonly LayerAllocator _allocator = new();

    [Fact]
    public void Everything_wanted_is_given_when_it_fits()
    {
        (TrackAllocation[] given, AllocationSummary summary) = Allocate(10_000, Audio(), Video(), Video(wanted: 1));
        Assert.Equal(new LayerId(2, 0), given[1].Target);
        Assert.Equal(new LayerId(1, 0), given[2].Target);
        Assert.Equal(DataRate.FromKilobits(40 + 1500 + 500), summary.Allocated);
        Assert.Equal(summary.Allocated, summary.Desired);
        Assert.False(summary.IsDeficient);
    }

    [Fact]
    public void Every_visible_video_gets_its_base_before_any_gets_more()
    {
        // 40 + 3 x 150 = 490; the 500 more for nobody.
        (TrackAllocation[] given, AllocationSummary summary) = Allocate(800, Audio(), Video(priority: 5), Video(), Video());
        Assert.All(given[1..], track => Assert.Equal(new LayerId(0, 0), track.Target));
        Assert.All(given[1..], track => Assert.Equal(AllocationReason.LinkLimited, track.Reason));
        Assert.True(summary.IsDeficient);
        Assert.Equal(DataRate.FromKilobits(40 + 4500), summary.Desired);
    }

    [Fact]
    public void The_more_important_rises_first()
    {
        (TrackAllocation[] byPriority, _) = Allocate(1000, Video(), Video(priority: 1), Video());
        Assert.Equal([0, 1, 0], byPriority.Select(track => track.Target.Spatial));
        (TrackAllocation[] bySize, _) = Allocate(1000, Video(), Video(), Video(pixels: 9000));
        Assert.Equal([0, 0, 1], bySize.Select(track => track.Target.Spatial));
        (TrackAllocation[] screen, _) = Allocate(1000, Video(pixels: 9000), Video(screen: true), Video());
        Assert.Equal([0, 1, 0], screen.Select(track => track.Target.Spatial));
    }

    [Fact]
    public void A_quiet_moment_is_no_reason_to_rise()
    {
        TrackDemand track = Video(wanted: 1) with { Current = new LayerId(0, 0) };
        Assert.Equal(1, Allocate(700, track).Given[0].Target.Spatial);
        track.UsualRates = LayerRates.Simulcast(DataRate.FromKilobits(150), DataRate.FromKilobits(800), DataRate.FromKilobits(1500));
        Assert.Equal(0, Allocate(700, track).Given[0].Target.Spatial);
        Assert.Equal(1, Allocate(930, track).Given[0].Target.Spatial);

        // What is forwarded already goes on as long as it fits.
        track.Current = new LayerId(1, 0);
        Assert.Equal(1, Allocate(700, track).Given[0].Target.Spatial);
    }

    [Fact]
    public void When_bases_do_not_fit_the_least_important_pause_and_audio_goes_on()
    {
        (TrackAllocation[] given, AllocationSummary summary) = Allocate(250, Audio(), Video(), Video(priority: 1), Video());
        Assert.Equal([AllocationReason.Satisfied, AllocationReason.Paused, AllocationReason.LinkLimited, AllocationReason.Paused], given.Select(t => t.Reason));
        Assert.Equal(DataRate.FromKilobits(190), summary.Allocated);

        (TrackAllocation[] starved, _) = Allocate(10, Audio(), Video());
        Assert.Equal(DataRate.FromKilobits(40), starved[0].Rate);
        Assert.Equal(LayerId.None, starved[1].Target);
    }

    [Fact]
    public void A_track_that_may_not_be_paused_keeps_its_base()
    {
        TrackDemand kept = Video();
        kept.AllowPause = false;
        (TrackAllocation[] given, _) = Allocate(10, kept);
        Assert.Equal(new LayerId(0, 0), given[0].Target);
    }

    [Fact]
    public void A_rise_needs_room_to_spare_and_staying_does_not()
    {
        Assert.Equal(0, Allocate(520, Video(current: 0)).Given[0].Target.Spatial);
        Assert.Equal(1, Allocate(520, Video(current: 1)).Given[0].Target.Spatial);
        Assert.Equal(1, Allocate(580, Video(current: 0)).Given[0].Target.Spatial);
        Assert.Equal(0, Allocate(490, Video(current: 1)).Given[0].Target.Spatial);
        Assert.Equal(LayerId.None, Allocate(160, Video(current: -1)).Given[0].Target);
        Assert.Equal(0, Allocate(160, Video(current: 0)).Given[0].Target.Spatial);
    }

    [Fact]
    public void Hidden_and_unsent_tracks_get_nothing_and_cost_nothing()
    {
        TrackDemand unsent = Video();
        unsent.Rates = default;
        (TrackAllocation[] given, AllocationSummary summary) = Allocate(5000, Video(wanted: -1), unsent);
        Assert.Equal([AllocationReason.NotWanted, AllocationReason.NothingSent], given.Select(track => track.Reason));
        Assert.Equal(DataRate.Zero, summary.Desired);
        Assert.False(summary.IsDeficient);
    }

    [Fact]
    public void A_missing_wanted_layer_is_stood_in_for_by_what_is_sent()
    {
        TrackDemand onlyHigh = Video(wanted: 0);
        onlyHigh.Rates = LayerRates.Simulcast(DataRate.Zero, DataRate.Zero, DataRate.FromKilobits(900));
        Assert.Equal(new LayerId(2, 0), Allocate(5000, onlyHigh).Given[0].Target);

        TrackDemand noHigh = Video();
        noHigh.Rates = LayerRates.Simulcast(DataRate.FromKilobits(100), DataRate.FromKilobits(300), DataRate.Zero);
        (TrackAllocation[] given, _) = Allocate(5000, noHigh);
        Assert.Equal(new LayerId(1, 0), given[0].Target);
        Assert.Equal(AllocationReason.Satisfied, given[0].Reason);
    }

    [Fact]
    public void Cameras_get_smooth_before_sharp_and_screens_sharp_before_smooth()
    {
        TrackDemand camera = Scalable();
        TrackDemand screen = Scalable();
        screen.IsScreenShare = true;
        Assert.Equal(new LayerId(0, 2), Allocate(290, camera).Given[0].Target);
        Assert.Equal(new LayerId(1, 0), Allocate(330, screen).Given[0].Target);
        Assert.Equal(new LayerId(2, 2), Allocate(5000, camera).Given[0].Target);
        Assert.Equal(new LayerId(2, 2), Allocate(5000, screen).Given[0].Target);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_rooms_keep_the_rules(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 2000; round++)
        {
            TrackDemand[] tracks = [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => RandomTrack(random))];
            int kilobits = random.Next(20, 20_000);
            (TrackAllocation[] given, AllocationSummary summary) = Allocate(kilobits, tracks);
            DataRate audio = new(tracks.Where(t => t.IsAudio).Sum(t => t.AudioRate.BitsPerSecond));
            Assert.True(summary.Allocated <= DataRate.Max(audio, DataRate.FromKilobits(kilobits)), "more was given than there is");
            for (int i = 0; i < tracks.Length; i++)
            {
                if (tracks[i].IsAudio || given[i].Target.IsNone)
                {
                    continue;
                }

                Assert.True(given[i].Rate > DataRate.Zero, "a layer that is not sent was chosen");
                Assert.False(tracks[i].Wanted.IsNone);
            }

            // More bandwidth never means less in total.
            (_, AllocationSummary richer) = Allocate(kilobits * 2, tracks);
            Assert.True(richer.Allocated >= summary.Allocated * 0.8);
            Assert.Equal(summary.Desired, richer.Desired);
            int paused = Enumerable.Range(0, tracks.Length).Count(i => given[i].Reason == AllocationReason.Paused);
            if (paused > 0)
            {
                // Nobody stands above the base while somebody's base of the same worth is missing for want of that much.
                Assert.True(summary.IsDeficient);
            }
        }
    }

    [Fact]
    public void Allocating_allocates_no_memory()
    {
        TrackDemand[] tracks = [Audio(), .. Enumerable.Repeat(Video(), 12)];
        var given = new TrackAllocation[tracks.Length];
        long least = long.MaxValue;

        // Not of the first time only: the runtime compiles a loop anew while it runs, on the thread that runs it.
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                _allocator.Allocate(new DataRate(100_000 + i * 5000), tracks, given);
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private (TrackAllocation[] Given, AllocationSummary Summary) Allocate(double kilobits, params TrackDemand[] tracks)
    {
        var given = new TrackAllocation[tracks.Length];
        AllocationSummary summary = _allocator.Allocate(DataRate.FromKilobits(kilobits), tracks, given);
        return (given, summary);
    }

    private static TrackDemand Audio() => new() { IsAudio = true, AudioRate = DataRate.FromKilobits(40) };

    private static TrackDemand Video(int wanted = 2, int priority = 0, int pixels = 100, bool screen = false, int current = 2) => new()
    {
        Wanted = wanted < 0 ? LayerId.None : new LayerId(wanted, 0),
        Priority = priority,
        TilePixels = pixels,
        IsScreenShare = screen,
        AllowPause = true,
        Current = current < 0 ? LayerId.None : new LayerId(current, 0),
        Rates = LayerRates.Simulcast(DataRate.FromKilobits(150), DataRate.FromKilobits(500), DataRate.FromKilobits(1500)),
    };

    private static TrackDemand Scalable()
    {
        TrackDemand track = Video();
        track.Wanted = new LayerId(2, 2);
        track.Current = new LayerId(2, 2);
        track.Rates = default;
        double[][] rates = [[80, 110, 150], [300, 420, 500], [900, 1200, 1500]];
        for (int spatial = 0; spatial < 3; spatial++)
        {
            for (int temporal = 0; temporal < 3; temporal++)
            {
                track.Rates.Set(new LayerId(spatial, temporal), DataRate.FromKilobits(rates[spatial][temporal]));
            }
        }

        return track;
    }

    private static TrackDemand RandomTrack(Random random)
    {
        if (random.Next(4) == 0)
        {
            return Audio();
        }

        TrackDemand track = Video(random.Next(-1, 3), random.Next(3), random.Next(5) * 1000, random.Next(5) == 0, random.Next(-1, 3));
        track.Rates = LayerRates.Simulcast(
            DataRate.FromKilobits(random.Next(4) == 0 ? 0 : random.Next(50, 300)),
            DataRate.FromKilobits(random.Next(4) == 0 ? 0 : random.Next(200, 900)),
            DataRate.FromKilobits(random.Next(4) == 0 ? 0 : random.Next(700, 3000)));
        return track;
    }
}
