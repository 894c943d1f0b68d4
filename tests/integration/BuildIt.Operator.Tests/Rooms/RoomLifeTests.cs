using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Rooms from creation to end, against a real API server and a real Redis.</summary>
public sealed class RoomLifeTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_room_is_placed_made_known_followed_changed_and_ended()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2);
        await world.CreateAsync("room");
        var status = await world.ReadyAsync("room");
        var origin = Assert.Single(status.Assignments);
        Assert.Equal(("fleet", "test-1", AssignmentRole.Origin), (origin.Cluster, origin.Region, origin.Role));
        Assert.Contains(origin.Instance, await world.Fleet.PodNamesAsync());
        await world.RouteIsAsync("room", "is that of the status", route =>
            route.Node.Value == origin.Instance && route.Generation == 1 && route.Endpoint == origin.Endpoint && !route.Limits.Locked);

        world.People["room"] = 3;
        await world.UntilAsync("room", "counts people", s => s.Participants == 3);

        await world.PatchAsync("room", """{"maxParticipants":7,"settings":{"locked":true,"allowScreenShare":false}}""");
        await world.RouteIsAsync("room", "has the new limits", route =>
            route is { Generation: 1, Limits: { MaxParticipants: 7, Locked: true, AllowScreenShare: false } });

        await world.DeleteAsync("room");
        await Eventually.TrueAsync(async () => await world.ReadAsync("room") is null, "the object goes");
        await world.RouteIsAsync("room", "says that it is over", route => route.State is RoomRouteState.Ended);
        await Eventually.TrueAsync(async () => (await world.Fleet.EventsAsync("Placed")).Count > 0 && (await world.Fleet.EventsAsync("Ended")).Count > 0, "Events tell");
    }

    [Fact]
    public async Task A_room_ends_when_nobody_comes_when_everybody_has_left_and_when_its_time_is_over()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        world.People["left"] = 0;
        world.Left["left"] = DateTimeOffset.UtcNow;
        world.People["busy"] = 2;
        world.People["late"] = 2;
        await world.CreateAsync("unused", """{"emptyTimeout":"1s"}""");
        await world.CreateAsync("left", """{"departureTimeout":"1s"}""");
        await world.CreateAsync("late", $$"""{"expiresAt":"{{DateTime.UtcNow.AddSeconds(4):yyyy-MM-ddTHH:mm:ssZ}}"}""");
        await world.CreateAsync("busy", """{"emptyTimeout":"1s","departureTimeout":"1s"}""");
        foreach (var room in (string[])["unused", "left", "late"])
        {
            await world.UntilAsync(room, "ends", s => s.Phase is RoomPhase.Ended && s.Assignments.Count == 0);
            await world.RouteIsAsync(room, "says so", route => route.State is RoomRouteState.Ended);
        }

        await world.ReadyAsync("busy");
    }

    [Fact]
    public async Task A_room_without_a_place_waits_says_why_and_makes_the_fleet_grow()
    {
        await using var world = await RoomWorld.CreateForOneRoomAsync(fixture);
        await world.CreateAsync("first");
        await world.ReadyAsync("first");
        await world.CreateAsync("second");
        await Eventually.TrueAsync(async () => (await world.Fleet.EventsAsync("NoCapacity")).Any(e => e.InvolvedObject.Name == "second"), "an Event says why", world.Fleet.DescribeAsync);
        var second = await world.ReadyAsync("second");
        Assert.NotEqual((await world.ReadyAsync("first")).Assignments[0].Instance, second.Assignments[0].Instance);

        await world.CreateAsync("third");
        var waiting = await world.UntilAsync("third", "waits", s => s.Conditions.Any(c => c is { Type: "Ready", Status: "False", Reason: "NoCapacity" }));
        Assert.Equal(RoomPhase.Pending, waiting.Phase);
        await world.DeleteAsync("first");
        await world.ReadyAsync("third");
    }

    [Fact]
    public async Task A_room_that_was_deleted_and_made_again_counts_on_from_its_end()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("room");
        await world.ReadyAsync("room");
        await world.DeleteAsync("room");
        await Eventually.TrueAsync(async () => await world.ReadAsync("room") is null, "the room is gone", world.Fleet.DescribeAsync);
        await world.RouteIsAsync("room", "has ended", route => route is { Generation: 1, State: RoomRouteState.Ended });
        await world.CreateAsync("room");
        await world.ReadyAsync("room", generation: 2);
        await world.RouteIsAsync("room", "is the new one", route => route is { Generation: 2, State: RoomRouteState.Serving });
    }

    [Fact]
    public async Task A_name_that_is_used_again_goes_on_counting()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("room");
        await world.ReadyAsync("room");
        await world.RouteIsAsync("room", "is known", _ => true);
        await world.Database.StringSetAsync(world.Keys.Route(new RoomId("again")), ContractJson.Write(
            (await world.RouteAsync("room"))! with { Room = new RoomId("again"), Generation = 41, State = RoomRouteState.Ended }, ContractJson.Default.RoomRoute));
        await world.CreateAsync("again");
        await world.ReadyAsync("again", generation: 42);
        await world.RouteIsAsync("again", "is the new one", route => route is { Generation: 42, State: RoomRouteState.Serving });
    }
}
