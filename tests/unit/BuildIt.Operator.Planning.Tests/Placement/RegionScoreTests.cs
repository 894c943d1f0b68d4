using BuildIt.Operator.Planning.Placement;

namespace BuildIt.Operator.Planning.Tests.Placement;

public sealed class RegionScoreTests
{
    [Theory]
    [InlineData("US", "NA", "US", "NA", 100)]
    [InlineData("us", "na", "US", "NA", 100)]
    [InlineData("CA", "NA", "US", "NA", 50)]
    [InlineData("DE", "EU", "US", "NA", 10)]
    [InlineData(null, null, "US", "NA", 10)]
    [InlineData(null, null, null, null, 10)]
    public void Nearness_is_country_then_continent(string? country, string? continent, string? callerCountry, string? callerContinent, int expected) =>
        Assert.Equal(expected, RegionScore.Of(new Locality(country, continent), new Locality(callerCountry, callerContinent)));

    [Fact]
    public void The_nearest_with_room_comes_first_and_the_crowded_last()
    {
        RegionCandidate[] regions =
        [
            new("us-full", new Locality("US", "NA"), 0.8),
            new("eu", new Locality("DE", "EU"), 0.0),
            new("ca-busy", new Locality("CA", "NA"), 0.5),
            new("ca-idle", new Locality("CA", "NA"), 0.1),
            new("us", new Locality("US", "NA"), 0.79),
        ];

        Assert.Equal(["us", "ca-idle", "ca-busy", "eu", "us-full"], RegionScore.Order(regions, new Locality("US", "NA")));
    }
}
