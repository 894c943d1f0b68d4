using System.Net;
using BuildIt.RoomApi.Regions;

namespace BuildIt.RoomApi.Tests.Regions;

public class RegionChoiceTests
{
    private static readonly FleetView Virginia = new("us", "us-east-1", new Place("US", "NA"), 0.1, true, "wss://us");
    private static readonly FleetView Canada = new("ca", "ca-1", new Place("CA", "NA"), 0.1, true, "wss://ca");
    private static readonly FleetView Germany = new("de", "eu-1", new Place("DE", "EU"), 0.1, true, "wss://de");
    private static readonly FleetView France = new("fr", "eu-2", new Place("FR", "EU"), 0.1, true, "wss://fr");

    public static TheoryData<string, string?, string[], string[]> Choices => new()
    {
        { "us=.1 ca=.1 de=.1 fr=.1", "US", [], ["us", "ca", "de", "fr"] },
        { "us=.1 ca=.1 de=.1 fr=.1", "FR", [], ["fr", "de", "ca", "us"] },
        { "us=.1 ca=.1 de=.1 fr=.1", "PL", [], ["de", "fr", "ca", "us"] },
        { "us=.1 ca=.1 de=.3 fr=.2", "PL", [], ["fr", "de", "ca", "us"] },
        { "us=.4 ca=.3 de=.2 fr=.1", null, [], ["fr", "de", "ca", "us"] },
        { "us=.1 ca=.1 de=.79 fr=.1", "DE", [], ["de", "fr", "ca", "us"] },
        { "us=.1 ca=.1 de=.8 fr=.1", "DE", [], ["fr", "ca", "us", "de"] },
        { "us=.95 ca=.9 de=.85 fr=.99", "DE", [], ["de", "fr", "ca", "us"] },
        { "us=.1 ca=.1 de=.1 fr=.1", "DE", ["us-east-1"], ["us", "de", "fr", "ca"] },
        { "us=.1 ca=.1 de=.1 fr=.1", "DE", ["ca-1", "us-east-1"], ["ca", "us", "de", "fr"] },
        { "us=.9 ca=.1 de=.1 fr=.1", "DE", ["us-east-1"], ["de", "fr", "ca", "us"] },
        { "us=.1 ca=.1 de=.1 fr=.1", "DE", ["mars-1"], ["de", "fr", "ca", "us"] },
        { "us=.1 ca=.1 de=- fr=.1", "DE", [], ["fr", "ca", "us", "de"] },
        { "us=.9 ca=- de=- fr=-", "DE", [], ["us", "de", "fr", "ca"] },
    };

    [Theory]
    [MemberData(nameof(Choices))]
    public void Fleets_are_ranked_by_distance_and_load(string loads, string? country, string[] hints, string[] expected)
    {
        var all = new[] { Virginia, Canada, Germany, France }.ToDictionary(fleet => fleet.Cluster);
        var fleets = loads.Split(' ').Select(text => text.Split('=')).Select(pair => pair[1] == "-"
            ? all[pair[0]] with { Available = false, Load = 0 }
            : all[pair[0]] with { Load = double.Parse(pair[1], System.Globalization.CultureInfo.InvariantCulture) });
        Assert.Equal(expected, RegionChoice.Rank(fleets, Place.OfCountry(country), hints).Select(scored => scored.Fleet.Cluster));
    }

    [Theory]
    [InlineData("US", 100)]
    [InlineData("us", 100)]
    [InlineData("MX", 50)]
    [InlineData("JP", 10)]
    [InlineData("XX", 10)]
    [InlineData(null, 10)]
    public void The_score_is_the_plans(string? country, int score) =>
        Assert.Equal(score, RegionChoice.Score(Virginia.Place, Place.OfCountry(country)));

    [Fact]
    public void Two_unknown_places_are_not_the_same_country() => Assert.Equal(10, RegionChoice.Score(Place.Unknown, Place.Unknown));

    [Theory]
    [InlineData("DE", "EU")]
    [InlineData("TR", "AS")]
    [InlineData("EG", "AF")]
    [InlineData("BR", "SA")]
    [InlineData("NZ", "OC")]
    [InlineData("MX", "NA")]
    [InlineData("AQ", "AN")]
    public void Countries_lie_on_their_continent(string country, string continent) => Assert.Equal(continent, Continents.Of(country));

    [Theory]
    [InlineData("10.0.0.5", "198.51.100.7", "198.51.100.7")]
    [InlineData("10.0.0.5", "1.2.3.4, 198.51.100.7", "198.51.100.7")]
    [InlineData("10.0.0.5", "1.2.3.4, 198.51.100.7, 10.9.9.9", "198.51.100.7")]
    [InlineData("10.0.0.5", "198.51.100.7:4711", "198.51.100.7")]
    [InlineData("10.0.0.5", "[2001:db8::1]:4711", "2001:db8::1")]
    [InlineData("10.0.0.5", "nonsense", "10.0.0.5")]
    [InlineData("10.0.0.5", "198.51.100.7, nonsense", "10.0.0.5")]
    [InlineData("10.0.0.5", "", "10.0.0.5")]
    [InlineData("::ffff:10.0.0.5", "198.51.100.7", "198.51.100.7")]
    [InlineData("203.0.113.9", "198.51.100.7", "203.0.113.9")]
    public void A_forwarded_address_is_believed_only_from_our_proxies(string peer, string header, string expected)
    {
        var proxies = new TrustedProxies([IPNetwork.Parse("10.0.0.0/8")]);
        Assert.Equal(IPAddress.Parse(expected), proxies.Resolve(IPAddress.Parse(peer), [header]));
        Assert.Equal(IPAddress.Parse(peer).MapToIPv4(), peer.Contains("::") ? TrustedProxies.None.Resolve(IPAddress.Parse(peer), [header]) : IPAddress.Parse(peer));
    }

    [Fact]
    public void An_ipv6_network_counts_as_one_caller()
    {
        Assert.Equal(TrustedProxies.LimitScope(IPAddress.Parse("2001:db8::1")), TrustedProxies.LimitScope(IPAddress.Parse("2001:db8::2:3")));
        Assert.NotEqual(TrustedProxies.LimitScope(IPAddress.Parse("192.0.2.1")), TrustedProxies.LimitScope(IPAddress.Parse("192.0.2.2")));
    }

    [Fact]
    public void A_header_tells_the_country_only_when_it_may()
    {
        using var locator = new CallerLocator("CF-IPCountry", null);
        Assert.Equal(new Place("DE", "EU"), locator.Locate(name => name == "CF-IPCountry" ? "de" : null, null));
        Assert.Equal(Place.Unknown, locator.Locate(null, IPAddress.Loopback));
        Assert.Equal(Place.Unknown, locator.Locate(_ => "T1", null));
        Assert.Equal(Place.Unknown, locator.Locate(_ => null, null));
    }
}
