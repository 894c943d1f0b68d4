using Sample = BuildIt.Interop.Tests.Adaptive.Recording.Sample;

namespace BuildIt.Interop.Tests.Adaptive;

public sealed class RecordedGapsTests
{
    [Fact]
    public void A_steady_flow_has_no_gap()
    {
        var samples = Record(until: 5000, Steady(5000, 66), Steady(5000, 20), Ticks(5000));
        Assert.InRange(RecordedGaps.LongestStill(samples, 0, 5000).TotalMilliseconds, 60, 70);
        Assert.InRange(RecordedGaps.LongestSilence(samples, 0, 5000).TotalMilliseconds, 0, 60);
    }

    [Fact]
    public void A_gap_is_as_long_as_it_was()
    {
        double[] Cut(double[] times) => [.. times.Where(t => t is < 2000 or >= 2900)];
        var samples = Record(until: 5000, Cut(Steady(5000, 66)), Cut(Steady(5000, 20)), Ticks(5000));
        Assert.InRange(RecordedGaps.LongestStill(samples, 0, 5000).TotalMilliseconds, 800, 980);
        Assert.InRange(RecordedGaps.LongestSilence(samples, 0, 5000).TotalMilliseconds, 800, 1000);
    }

    [Fact]
    public void A_gap_counts_though_the_page_looked_away_meanwhile()
    {
        double[] Cut(double[] times) => [.. times.Where(t => t is < 2000 or >= 2900)];
        var stalled = Ticks(5000).Where(t => t is < 1950 or > 3000).ToArray();
        var samples = Record(until: 5000, Cut(Steady(5000, 66)), Cut(Steady(5000, 20)), stalled);
        Assert.InRange(RecordedGaps.LongestStill(samples, 0, 5000).TotalMilliseconds, 800, 980);
        Assert.InRange(RecordedGaps.LongestSilence(samples, 0, 5000).TotalMilliseconds, 800, 1000);
    }

    [Fact]
    public void A_page_that_looks_away_makes_no_gap()
    {
        var stalled = Ticks(5000).Where(t => t is < 1950 or > 3000).ToArray();
        var samples = Record(until: 5000, Steady(5000, 66), Steady(5000, 20), stalled);
        Assert.InRange(RecordedGaps.LongestStill(samples, 0, 5000).TotalMilliseconds, 60, 70);
        Assert.InRange(RecordedGaps.LongestSilence(samples, 0, 5000).TotalMilliseconds, 0, 60);
    }

    [Fact]
    public void A_page_that_reads_the_sound_late_makes_no_gap()
    {
        // The sound of the readings of two whole seconds is read at the end of those.
        var samples = Record(until: 5000, Steady(5000, 66), Steady(5000, 20), Ticks(5000), audioAt: t => t is > 2000 and < 4000 ? 4000 : t);
        Assert.InRange(RecordedGaps.LongestStill(samples, 0, 5000).TotalMilliseconds, 60, 70);
        Assert.InRange(RecordedGaps.LongestSilence(samples, 0, 5000).TotalMilliseconds, 0, 60);
    }

    [Fact]
    public void What_never_comes_back_counts_to_the_end()
    {
        var samples = Record(until: 5000, Steady(2000, 66), Steady(2000, 20), Ticks(5000));
        Assert.InRange(RecordedGaps.LongestStill(samples, 0, 5000).TotalMilliseconds, 2900, 3000);
        Assert.InRange(RecordedGaps.LongestSilence(samples, 0, 5000).TotalMilliseconds, 2900, 3000);
        Assert.Equal(TimeSpan.FromSeconds(5), RecordedGaps.LongestStill([], 0, 5000));
    }

    private static double[] Steady(double until, double every) => [.. Enumerable.Range(1, (int)(until / every)).Select(i => i * every)];

    private static double[] Ticks(double until) => Steady(until, 100);

    /// <summary>What a recorder that reads at <paramref name="ticks"/> notes of frames and packets that come at these times.</summary>
    private static List<Sample> Record(double until, double[] frames, double[] packets, double[] ticks, Func<double, double>? audioAt = null)
    {
        var samples = new List<Sample>();
        foreach (var tick in ticks.Where(tick => tick <= until))
        {
            var heard = audioAt?.Invoke(tick) ?? tick;
            var shown = frames.Where(t => t <= tick).ToArray();
            var delays = shown.Zip(shown.Skip(1), (a, b) => (b - a) / 1000).ToArray();
            samples.Add(new Sample(tick, heard, shown.Length, 320, 0, 0, 0, delays.Sum(), delays.Sum(d => d * d), 1, packets.Count(t => t <= heard), 0, null));
        }

        return samples;
    }
}
