using BuildIt.Sfu.Media.Quality;

namespace BuildIt.Sfu.Media.Tests.Quality;

public sealed class ConnectionQualityTests
{
    [Theory]
    [InlineData(true, 0, 40, LinkQuality.Excellent)]
    [InlineData(true, 1, 60, LinkQuality.Excellent)]
    [InlineData(true, 10, 60, LinkQuality.Good)]
    [InlineData(true, 30, 60, LinkQuality.Poor)]
    [InlineData(false, 0, 60, LinkQuality.Excellent)]
    [InlineData(false, 5, 60, LinkQuality.Good)]
    [InlineData(false, 15, 60, LinkQuality.Poor)]
    public void Steps_follow_loss(bool audio, int lossPercent, int roundTrip, LinkQuality expected)
    {
        var quality = new ConnectionQuality();
        quality.Update([Condition(audio, lossPercent, roundTrip, 1, 1)], true);
        Assert.Equal(expected, quality.Quality);
    }

    [Fact]
    public void Missing_layers_cost_a_point_each()
    {
        var whole = ConnectionQuality.ScoreOf(Condition(false, 0, 50, 3, 3));
        Assert.Equal(whole - 1, ConnectionQuality.ScoreOf(Condition(false, 0, 50, 3, 2)), 3);
        Assert.Equal(whole, ConnectionQuality.ScoreOf(Condition(false, 0, 50, 2, 3)), 3);
    }

    [Fact]
    public void Decline_is_believed_at_once_and_recovery_slowly()
    {
        var quality = new ConnectionQuality();
        Assert.False(quality.Update([Condition(true, 0, 40, 1, 1)], true));
        Assert.True(quality.Update([Condition(true, 40, 40, 1, 1)], true));
        Assert.Equal(LinkQuality.Poor, quality.Quality);
        quality.Update([Condition(true, 0, 40, 1, 1)], true);
        Assert.NotEqual(LinkQuality.Excellent, quality.Quality);
        for (var i = 0; i < 5; i++)
            quality.Update([Condition(true, 0, 40, 1, 1)], true);
        Assert.Equal(LinkQuality.Excellent, quality.Quality);
        Assert.True(quality.Update([], false));
        Assert.Equal(LinkQuality.Lost, quality.Quality);
    }

    private static StreamCondition Condition(bool audio, int lossPercent, int roundTrip, int expected, int actual) =>
        new(audio, 1000, lossPercent * 10, TimeSpan.FromMilliseconds(roundTrip), TimeSpan.FromMilliseconds(5), expected, actual);
}
