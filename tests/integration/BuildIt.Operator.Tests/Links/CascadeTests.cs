using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Links;

/// <summary>Rooms that spread over regions, and what becomes of them when pods and links go.</summary>
public sealed class CascadeTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_room_gets_a_seat_where_people_join_and_loses_it_when_they_have_left()
    {
        await using var world = await TwoAsync();
        world.People[("room", "us")] = 3;
        await world.RoomAsync("room", """{"placement":{"regions":["us","eu"]}}""");
        await world.HasSeatsAsync("room", "us");

        world.People[("room", "eu")] = 2;
        var status = await world.HasSeatsAsync("room", "us", "eu");

        var edge = status.Assignments.Single(seat => seat.Role is AssignmentRole.Edge);
        Assert.Equal(("eu", status.Assignments[0].Instance), (edge.Region, edge.Parent));
        Assert.Equal(1, status.Generation);
        Assert.Contains(status.Conditions, condition => condition is { Type: "Cascaded", Status: "True", Message: "2 pods in 2 regions serve it" });
        await world.Fleet.ToldAsync("SeatAdded", "2 people are in eu");
        var route = await world.RouteIsAsync("room", "names both", route => route.Seats.Count == 2);
        Assert.StartsWith("RM_", route.Sid, StringComparison.Ordinal);
        Assert.All(route.Seats, seat => Assert.EndsWith($":{NodePorts.Relay}", seat.Relay, StringComparison.Ordinal));
        Assert.Equal(status.Assignments[0].Instance, route.Node.Value);
        await world.RoomIsAsync("room", "counts the people of both", s => s.Participants == 5 && s.Assignments.Single(seat => seat.Region == "eu").Participants == 2);

        // A seat nobody is behind goes after a minute; one that may not be there any more goes at once.
        await world.PatchRoomAsync("room", """{"placement":{"cascade":"Never"}}""");
        await world.HasSeatsAsync("room", "us");
        await world.Fleet.ToldAsync("SeatRemoved", "cascade is Never");
        await world.RouteIsAsync("room", "names one", route => route.Seats.Count == 0 && route.Revision == 2);
    }

    [Fact]
    public async Task With_Always_a_room_has_its_seats_from_the_start()
    {
        await using var world = await TwoAsync();

        await world.RoomAsync("room", """{"placement":{"regions":["us","eu"],"cascade":"Always"}}""");

        await world.HasSeatsAsync("room", "us", "eu");
    }

    [Fact]
    public async Task With_Always_a_room_gets_its_seats_when_the_way_to_them_is_well_again()
    {
        await using var world = await TwoAsync();
        world.CutPath("us", "eu", isCut: true);
        await world.LinkIsAsync("us-eu", "is broken", link => link.Conditions.Any(condition => condition is { Type: "Healthy", Status: "False" }));
        await world.RoomAsync("room", """{"placement":{"regions":["us","eu"],"cascade":"Always"}}""");
        await world.HasSeatsAsync("room", "us");

        world.CutPath("us", "eu", isCut: false);
        await world.HasSeatsAsync("room", "us", "eu");
    }

    [Fact]
    public async Task When_the_origin_dies_an_edge_takes_its_place_and_the_people_on_it_stay()
    {
        await using var world = await TwoAsync();
        world.People[("room", "us")] = 3;
        world.People[("room", "eu")] = 3;
        await world.RoomAsync("room", """{"placement":{"regions":["us","eu"]}}""");
        var before = await world.HasSeatsAsync("room", "us", "eu");
        var edge = before.Assignments.Single(seat => seat.Region == "eu").Instance;
        await world.RouteIsAsync("room", "names both", route => route.Seats.Count == 2);

        await world.Fleet.Kubelet.Running[before.Assignments[0].Instance].DieAsync();
        var after = await world.RoomIsAsync("room", "has another origin", s => s.Generation == 2 && s.Phase is RoomPhase.Ready);

        Assert.Equal(edge, after.Assignments[0].Instance);
        Assert.Null(after.Assignments[0].Parent);
        Assert.Equal(1, after.Failovers);
        await world.Fleet.ToldAsync("FailedOver", $"{edge} in eu, which served it already, is the origin now");

        // Those of the other region get a pod beside them again.
        after = await world.HasSeatsAsync("room", "us", "eu");
        Assert.Equal(edge, after.Assignments[0].Instance);
    }

    [Fact]
    public async Task When_an_edge_dies_its_people_get_another_and_nobody_else_notices()
    {
        await using var world = await TwoAsync();
        world.People[("room", "us")] = 3;
        world.People[("room", "eu")] = 3;
        await world.RoomAsync("room", """{"placement":{"regions":["us","eu"]}}""");
        var before = await world.HasSeatsAsync("room", "us", "eu");
        var dead = before.Assignments.Single(seat => seat.Region == "eu").Instance;

        await world.Fleet.Kubelet.Running[dead].DieAsync();
        var after = await world.RoomIsAsync("room", "has another edge", s => s.Assignments.Any(seat => seat.Region == "eu" && seat.Instance != dead));

        Assert.Equal((before.Generation, before.Assignments[0].Instance), (after.Generation, after.Assignments[0].Instance));
        Assert.DoesNotContain(after.Assignments, seat => seat.Instance == dead);
    }

    [Fact]
    public async Task A_broken_link_is_gone_round_over_another_region()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us", "eu", "ap");
        foreach (var link in (string[])["us-eu", "us-ap", "eu-ap"])
        {
            await world.LinkIsAsync(link, "is healthy", s => s.Conditions.Any(condition => condition is { Type: "Healthy", Status: "True" }));
        }

        foreach (var region in (string[])["us", "eu", "ap"])
        {
            world.People[("room", region)] = 3;
        }

        await world.RoomAsync("room", """{"placement":{"regions":["us","eu","ap"]}}""");
        var before = await world.HasSeatsAsync("room", "us", "eu", "ap");
        var (us, eu, ap) = (Of(before, "us"), Of(before, "eu"), Of(before, "ap"));
        Assert.Equal((us.Instance, us.Instance), (eu.Parent, ap.Parent));

        world.CutPath("us", "eu", true);
        var after = await world.RoomIsAsync("room", "goes round", s => Of(s, "eu").Parent == ap.Instance);

        Assert.Equal(before.Generation, after.Generation);
        await world.Fleet.ToldAsync("SeatMoved", "a link on its way is broken");
        await world.RouteIsAsync("room", "goes round", route => route.SeatOf(new NodeId(eu.Instance))?.Parent?.Value == ap.Instance);
    }

    [Fact]
    public async Task A_room_that_outgrows_its_pod_gets_another_in_the_same_fleet()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 2, "us");
        world.People[("room", "us")] = 45;
        await world.RoomAsync("room", """{"maxParticipants":200}""");

        var status = await world.RoomIsAsync("room", "has two pods", s => s.Assignments.Count == 2);

        Assert.True(status.Assignments[0].Closed);
        Assert.Equal(status.Assignments[0].Instance, status.Assignments[1].Parent);
        await world.Fleet.ToldAsync("SeatAdded", "it has outgrown its pods in us");
    }

    [Fact]
    public async Task A_registry_that_is_away_holds_up_no_room_of_other_fleets_and_hears_of_it_when_it_is_back()
    {
        await using var world = await CascadeWorld.CreateAsync(fixture, 1, "us");
        await using var other = await RedisServer.StartNewAsync();
        await world.Fleet.CreateFleetAsync(
            spec =>
            {
                spec["region"] = "eu";
                spec["redis"] = new JsonObject { ["addresses"] = new JsonArray(other.Address) };
            },
            "eu");
        var keys = new RegistryKeys(world.Fleet.Namespace);
        await using var there = await ConnectionMultiplexer.ConnectAsync(other.Address);
        await Eventually.TrueAsync(async () => (await there.GetDatabase().StringGetAsync(keys.Epoch)).HasValue, "the operator uses it", world.Fleet.DescribeAsync);

        await other.StopAsync();
        await world.RoomAsync("room", """{"placement":{"regions":["us"]}}""");
        await world.HasSeatsAsync("room", "us");

        await other.StartAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    return (await there.GetDatabase().StringGetAsync(keys.Route(new RoomId("room")))).HasValue;
                }
                catch (RedisException)
                {
                    return false;
                }
            },
            "the route is there too",
            world.Fleet.DescribeAsync);
    }

    private async Task<CascadeWorld> TwoAsync()
    {
        var world = await CascadeWorld.CreateAsync(fixture, 2, "us", "eu");
        await world.LinkIsAsync("us-eu", "is healthy", s => s.Conditions.Any(condition => condition is { Type: "Healthy", Status: "True" }));
        return world;
    }

    private static RoomAssignment Of(ConferenceRoomStatus status, string region) => status.Assignments.First(seat => seat.Region == region);
}
