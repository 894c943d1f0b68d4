using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;

namespace BuildIt.Sfu.Media.Tests.Congestion;

public sealed class ProbePacerTests
{
    private static readonly Instant Start = Instant.Zero + TimeSpan.FromHours(1);

    [Fact]
    public void Without_a_probe_it_asks_for_nothing()
    {
        var pacer = new ProbePacer();
        pacer.OnMediaSent(120_000, Start);
        Assert.Equal(Instant.Never, pacer.NextDeadline);
        Assert.Equal(ProbeCluster.None, pacer.CurrentCluster);
        Assert.Equal(DataSize.Zero, pacer.PaddingDue(Start + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void Media_before_a_probe_does_not_delay_it()
    {
        var pacer = new ProbePacer();
        pacer.OnMediaSent(120_000, Start);
        pacer.Start(new ProbeCluster(1, DataRate.FromMegabits(4), new DataSize(24_000)), Start);
        Assert.Equal(Start, pacer.NextDeadline);
        Assert.Equal(new DataSize(24_000), pacer.PaddingDue(Start));
    }

    [Fact]
    public void A_probe_counts_media_fills_up_with_padding_at_its_rate_and_ends()
    {
        var pacer = new ProbePacer();
        pacer.Start(new ProbeCluster(7, DataRate.FromMegabits(4), new DataSize(24_000)), Start);
        pacer.OnMediaSent(1200, Start);
        Instant now = Start;
        long sent = 1200;
        while (pacer.CurrentCluster == 7)
        {
            Assert.InRange((now - Start).TotalMilliseconds, 0, 100);
            while (pacer.PaddingDue(now) > DataSize.Zero)
            {
                pacer.OnPaddingSent(1200);
                sent += 1200;
            }

            Assert.True(pacer.NextDeadline == Instant.Never || pacer.NextDeadline > now);
            now += TimeSpan.FromMilliseconds(1);
        }

        Assert.Equal(24_000, sent);
        Assert.InRange((now - Start).TotalMilliseconds, 40, 56);
        Assert.Equal(DataSize.Zero, pacer.PaddingDue(now));
        Assert.Equal(Instant.Never, pacer.NextDeadline);
    }

    [Fact]
    public void A_probe_that_begins_while_another_runs_takes_its_place()
    {
        var pacer = new ProbePacer();
        pacer.Start(new ProbeCluster(1, DataRate.FromMegabits(4), new DataSize(24_000)), Start);
        pacer.OnPaddingSent(1200);
        pacer.Start(new ProbeCluster(2, DataRate.FromMegabits(8), new DataSize(12_000)), Start);
        Assert.Equal(2, pacer.CurrentCluster);
        Assert.Equal(new DataSize(12_000), pacer.PaddingDue(Start));
    }
}
