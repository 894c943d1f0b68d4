using BuildIt.Operator.Api.Units;
using k8s;

namespace BuildIt.Operator.Api.Tests.Units;

public sealed class TextValueTests
{
    [Theory]
    [InlineData("30s", 30_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("250ms", 250)]
    [InlineData("1m1s1ms", 61_001)]
    [InlineData("0s", 0)]
    public void Durations_are_read(string text, long milliseconds)
    {
        Assert.True(KubeDuration.Parse(text).TryGet(out var span));
        Assert.Equal(milliseconds, (long)span.TotalMilliseconds);
        Assert.Equal(KubeDuration.Parse(text), KubeDuration.From(span));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("5d")]
    [InlineData("-5m")]
    [InlineData("5 m")]
    [InlineData("m5")]
    [InlineData("1.5h")]
    [InlineData("9999999999s")]
    [InlineData("30s\n")]
    public void Wrong_durations_are_kept_as_text(string text)
    {
        var duration = KubeDuration.Parse(text);

        Assert.False(duration.IsValid);
        Assert.Equal(text, duration.Text);
        Assert.Equal(TimeSpan.FromSeconds(7), duration.Or(TimeSpan.FromSeconds(7)));
    }

    [Theory]
    [InlineData("500Mbps", 500_000_000)]
    [InlineData("2.5Gbps", 2_500_000_000)]
    [InlineData("64kbps", 64_000)]
    [InlineData("1Tbps", 1_000_000_000_000)]
    [InlineData("9bps", 9)]
    public void Rates_are_read(string text, long bitsPerSecond)
    {
        Assert.True(Bandwidth.Parse(text).TryGet(out var rate));
        Assert.Equal(bitsPerSecond, rate);
        Assert.Equal(text, Bandwidth.FromBitsPerSecond(rate).Text);
    }

    [Theory]
    [InlineData("500MB")]
    [InlineData("500mbps")]
    [InlineData("Mbps")]
    [InlineData(".5Gbps")]
    [InlineData("1.Gbps")]
    [InlineData("-1Gbps")]
    [InlineData("99999999999Tbps")]
    [InlineData("999999999Tbps")]
    public void Wrong_rates_are_kept_as_text(string text) => Assert.False(Bandwidth.Parse(text).IsValid);

    [Fact]
    public void A_share_of_pods_is_rounded_up()
    {
        CountOrPercent share = "25%";

        Assert.Equal(3, share.Of(10));
        Assert.Equal(0, share.Of(0));
        Assert.Equal(2, ((CountOrPercent)2).Of(100));
    }

    [Fact]
    public void Equality_is_by_meaning()
    {
        Assert.Equal(KubeDuration.Parse("60s"), KubeDuration.Parse("1m"));
        Assert.Equal(Bandwidth.Parse("1000Mbps"), Bandwidth.Parse("1Gbps"));
        Assert.NotEqual(CountOrPercent.Parse("10"), CountOrPercent.Parse("10%"));
    }

    [Fact]
    public void A_cluster_survives_a_round_trip_with_wrong_texts_in_it()
    {
        const string json = """{"spec":{"drain":{"deadline":600},"capacity":{"ingress":{"a":[1]}},"autoscaling":{"warm":3,"metrics":["cpu"]}}}""";
        var cluster = KubernetesJson.Deserialize<SfuCluster>(json);

        Assert.False(cluster.Spec.Drain.Deadline.IsValid);
        Assert.False(cluster.Spec.Capacity.Ingress.IsValid);
        Assert.Equal(3, cluster.Spec.Autoscaling.Warm.Amount);
        Assert.Contains("\"warm\":3", KubernetesJson.Serialize(cluster), StringComparison.Ordinal);
        Assert.Contains("\"metrics\":[\"cpu\"]", KubernetesJson.Serialize(cluster), StringComparison.Ordinal);
    }
}
