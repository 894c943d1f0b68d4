using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Planning.Tests.Topology;

public sealed class LinkHealthTests
{
    private static readonly LinkLimits Limits = new(TimeSpan.FromSeconds(15), MaxRoundTrip: 400, MaxLoss: 0.05);
    private static readonly LinkReading Well = new() { Up = 1, RoundTrip = 80, Loss = 0.01 };
    private static readonly LinkReading Silent = new();

    [Fact]
    public void What_nobody_measured_is_neither_healthy_nor_not()
    {
        var verdict = Judge(LinkVerdict.Unknown, Silent, Silent, 0);

        Assert.Null(verdict.IsHealthy);
        Assert.False(verdict.IsEstablished);
    }

    [Fact]
    public void The_first_measurement_counts_at_once()
    {
        var verdict = Judge(LinkVerdict.Unknown, Well, Silent, 0);

        Assert.True(verdict.IsHealthy);
        Assert.True(verdict.IsEstablished);
        Assert.Equal("the round trip takes 80 ms, and 1 % of the packets are lost", verdict.Message);
    }

    [Fact]
    public void A_broken_link_is_so_at_once_and_well_again_after_a_while()
    {
        var broken = Judge(Judge(LinkVerdict.Unknown, Well, Well, 0), new LinkReading { Broken = 1 }, Silent, 1);
        Assert.Equal((false, LinkReason.Broken), (broken.IsHealthy, broken.Reason));

        var back = Judge(broken, Well, Well, 2);
        Assert.False(back.IsHealthy);
        Assert.Equal(At(7), back.NextDeadline);
        Assert.False(Judge(back, Well, Well, 6.9).IsHealthy);
        Assert.True(Judge(back, Well, Well, 7).IsHealthy);
    }

    [Fact]
    public void One_of_several_links_that_breaks_does_not_break_the_path() =>
        Assert.True(Judge(Judge(LinkVerdict.Unknown, Well, Well, 0), Well with { Broken = 3 }, Well, 1).IsHealthy);

    [Theory]
    [InlineData(401, 0, LinkReason.TooSlow, "the round trip takes 401 ms, and at most 400 ms are healthy")]
    [InlineData(80, 0.061, LinkReason.TooLossy, "6.1 % of the packets are lost, and at most 5 % are healthy")]
    public void What_is_beyond_its_limits_must_be_so_for_a_while(double roundTrip, double loss, LinkReason reason, string message)
    {
        var bad = Well with { RoundTrip = roundTrip, Loss = loss };
        var first = Judge(Judge(LinkVerdict.Unknown, Well, Well, 0), Well, bad, 1);
        Assert.True(first.IsHealthy);
        Assert.Equal(At(16), first.NextDeadline);

        // A good moment between begins it anew.
        Assert.True(Judge(Judge(Judge(first, Well, Well, 10), Well, bad, 11), Well, bad, 20).IsHealthy);

        var then = Judge(first, Well, bad, 16);
        Assert.Equal((false, reason, message), (then.IsHealthy, then.Reason, then.Message));
        Assert.True(then.IsEstablished);
    }

    [Fact]
    public void Whoever_does_not_show_the_right_certificate_is_named() =>
        Assert.Equal(LinkReason.Refused, Judge(LinkVerdict.Unknown, new LinkReading { Refused = 1 }, Silent, 0).Reason);

    [Fact]
    public void A_refusal_does_not_end_what_was_healthy_before_a_new_node_can_know_all()
    {
        var well = Judge(LinkVerdict.Unknown, Well, Well, 0);
        var refused = new LinkReading { Refused = 1 };

        Assert.True(Judge(well, refused, Silent, 29).IsHealthy);
        Assert.Equal(LinkReason.Refused, Judge(well, refused, Silent, 30).Reason);
    }

    [Fact]
    public void A_verdict_outlives_those_who_measured_for_a_while()
    {
        var well = Judge(LinkVerdict.Unknown, Well, Well, 0);

        Assert.True(Judge(well, Silent, Silent, 29).IsHealthy);
        Assert.Null(Judge(well, Silent, Silent, 30).IsHealthy);
    }

    private static DateTimeOffset At(double seconds) => Given.Now.AddSeconds(seconds);

    private static LinkVerdict Judge(LinkVerdict before, LinkReading aToB, LinkReading bToA, double seconds) =>
        LinkHealth.Judge(before, aToB, bToA, Limits, At(seconds));
}
