using BuildIt.Operator.Api;
using BuildIt.RoomApi.Regions;

namespace BuildIt.RoomApi.Tests.Regions;

/// <summary>Where callers connect to for one room, by where they are.</summary>
public sealed class RoomEndpointTests
{
    private static readonly FleetView Us = Fleet("us", "US", "NA");
    private static readonly FleetView Eu = Fleet("eu", "DE", "EU");

    [Fact]
    public void Of_the_fleets_that_serve_a_room_the_nearest() =>
        Assert.Equal("wss://eu", Endpoint(Room("us", "eu"), "DE", Us, Eu));

    [Fact]
    public void A_fleet_that_neither_serves_it_nor_leads_to_it_is_none() =>
        Assert.Equal("wss://us", Endpoint(Room("us"), "DE", Us, Eu));

    [Fact]
    public void Where_a_link_joins_the_nearest_to_one_that_serves_it_that_leads_there() =>
        Assert.Equal("wss://eu", Endpoint(Room("us"), "DE", Us, Linked(Eu, "us")));

    [Fact]
    public void Of_equally_near_ones_the_one_that_serves_it() =>
        Assert.Equal("wss://us", Endpoint(Room("us"), "JP", Us, Linked(Eu, "us")));

    [Fact]
    public void A_room_that_stays_on_one_pod_or_in_its_regions_is_joined_there()
    {
        var never = Room("us");
        never.Spec = never.Spec with { Placement = new PlacementSpec { Cascade = CascadeMode.Never } };
        Assert.Equal("wss://us", Endpoint(never, "DE", Us, Linked(Eu, "us")));

        var here = Room("us");
        here.Spec = here.Spec with { Placement = new PlacementSpec { Regions = ["us"] } };
        Assert.Equal("wss://us", Endpoint(here, "DE", Us, Linked(Eu, "us")));
    }

    [Fact]
    public void A_fleet_that_is_full_or_without_pods_leads_nowhere()
    {
        Assert.Equal("wss://us", Endpoint(Room("us"), "DE", Us, Linked(Eu, "us") with { Load = 0.9 }));
        Assert.Equal("wss://us", Endpoint(Room("us"), "DE", Us, Linked(Eu, "us") with { Available = false }));
    }

    private static string? Endpoint(ConferenceRoom room, string country, params FleetView[] fleets) =>
        RoomEndpoint.Of(room, RegionChoice.Rank(fleets, new Place(country, Continents.Of(country)), []));

    private static FleetView Fleet(string name, string country, string continent) => new(name, name, new Place(country, continent), 0.1, Available: true, $"wss://{name}");

    private static FleetView Linked(FleetView fleet, string to) => fleet with { LinkedTo = new HashSet<string> { to } };

    private static ConferenceRoom Room(params string[] clusters) => new()
    {
        Status = new ConferenceRoomStatus { Phase = RoomPhase.Ready, Assignments = [.. clusters.Select(cluster => new RoomAssignment { Cluster = cluster, Region = cluster, Instance = $"{cluster}-0" })] },
    };
}
