using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Changes of a room's object reach the people in the room, on a real node.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class LiveRoomTests(OperatorFixture fixture)
{
    [Fact]
    public async Task Settings_that_are_changed_take_effect_on_a_room_with_people_in_it()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        var other = world.Others(owner)[0];
        await using var call = await Call.StartAsync(world.Network, "room", owner, other);

        await world.Rooms.PatchAsync("room", """{"settings":{"locked":true}}""");
        await Eventually.TrueAsync(async () => await RoomJoins.ValidateAsync(owner, "room", "carol") == 403 && await RoomJoins.ValidateAsync(other, "room", "carol") == 403, "the room is locked", world.DescribeAsync);
        Assert.Null(await RoomJoins.TryAsync(other, "room", "carol"));

        await world.Rooms.PatchAsync("room", """{"settings":{"locked":false}}""");
        await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(other, "room", "carol") is not null, "the room is open again", world.DescribeAsync);

        await world.Rooms.PatchAsync("room", """{"maxParticipants":2}""");
        await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(owner, "room", "dave") is null, "the room is full", world.DescribeAsync);
        await world.Rooms.PatchAsync("room", """{"maxParticipants":3}""");
        await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(owner, "room", "dave") is not null, "there is a place again", world.DescribeAsync);

        await world.Rooms.PatchAsync("room", """{"settings":{"allowScreenShare":false,"requireApproval":true}}""");
        await Eventually.TrueAsync(async () => !await call.MayShareScreenAsync(), "screens may not be shared", world.DescribeAsync);
        await world.Rooms.RouteIsAsync("room", "says that newcomers wait", route => route is { Generation: 1, Limits: { RequireApproval: true, AllowScreenShare: false } });
        await world.Rooms.PatchAsync("room", """{"settings":{"allowScreenShare":true}}""");
        await Eventually.TrueAsync(call.MayShareScreenAsync, "screens may be shared", world.DescribeAsync);
        await call.AssertUndisturbedAsync(TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_room_that_is_deleted_tells_its_people_and_is_gone_everywhere()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);

        await world.Rooms.DeleteAsync("room");
        await AssertEndedAsync(world, call);
        await Eventually.TrueAsync(async () => await world.Rooms.ReadAsync("room") is null, "the object goes", world.DescribeAsync);
    }

    [Fact]
    public async Task A_room_that_its_application_deletes_through_a_node_is_over_everywhere_and_its_object_goes()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room", """{"expectedParticipants":2,"ttlAfterEnded":"3s"}"""));
        var other = world.Others(owner)[0];
        await using var call = await Call.StartAsync(world.Network, "room", owner, other);

        Assert.Equal(200, await RoomJoins.DeleteAsync(other, "room"));
        var status = (await world.Rooms.ReadAsync("room"))!.Status!;
        Assert.Equal((RoomPhase.Ended, "its application ended it"), (status.Phase, status.Conditions.Single(c => c.Type == "Ready").Message));
        await AssertEndedAsync(world, call);
        Assert.Equal(404, await RoomJoins.DeleteAsync(owner, "room"));
        await Eventually.TrueAsync(async () => await world.Rooms.ReadAsync("room") is null, "the object goes", world.DescribeAsync);

        await world.Rooms.CreateAsync("room");
        await world.Rooms.ReadyAsync("room", generation: 2);
        await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(other, "room", "carol") is not null, "a new room of this name can be joined", world.DescribeAsync);
    }

    [Fact]
    public async Task A_room_that_is_deleted_while_the_operator_is_away_is_over_on_its_node_and_ends_when_it_is_back()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        var other = world.Others(owner)[0];
        await using var call = await Call.StartAsync(world.Network, "room", owner, other);
        await world.Fleet.StopOperatorAsync();

        Assert.Equal(503, await RoomJoins.DeleteAsync(other, "room"));
        await AssertEndedAsync(world, call);
        Assert.Equal(RoomPhase.Ready, (await world.Rooms.ReadAsync("room"))!.Status!.Phase);

        await world.Fleet.StartOperatorAsync();
        await world.Rooms.UntilAsync("room", "ends", s => s.Phase is RoomPhase.Ended && s.Assignments.Count == 0);
        Assert.Equal(404, await RoomJoins.DeleteAsync(other, "room"));
    }

    [Fact]
    public async Task A_room_whose_time_is_over_ends_with_people_in_it()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);

        await world.Rooms.PatchAsync("room", $$"""{"expiresAt":"{{DateTime.UtcNow.AddSeconds(2):yyyy-MM-ddTHH:mm:ssZ}}"}""");
        await AssertEndedAsync(world, call);
        Assert.Equal(RoomPhase.Ended, (await world.Rooms.UntilAsync("room", "has ended", s => s.Phase is RoomPhase.Ended && s.Assignments.Count == 0)).Phase);
    }

    [Fact]
    public async Task A_room_ends_everywhere_when_nobody_comes_and_when_everybody_has_left()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        await world.Rooms.CreateAsync("unused", """{"emptyTimeout":"2s"}""");
        var unused = world.OwnerOf(await world.Rooms.ReadyAsync("unused"));
        var left = world.OwnerOf(await world.OpenAsync("left", """{"departureTimeout":"4s"}"""));
        await using (await Call.StartAsync(world.Network, "left", left, world.Others(left)[0]))
        {
            await world.Rooms.UntilAsync("left", "counts its people", s => s.Participants == 2);
        }

        foreach (var (room, node) in ((string, NodeProcess)[])[("unused", unused), ("left", left)])
        {
            await world.Rooms.UntilAsync(room, "ends", s => s.Phase is RoomPhase.Ended && s.Assignments.Count == 0);
            await world.Rooms.RouteIsAsync(room, "says so", route => route.State is RoomRouteState.Ended);
            foreach (var each in world.Nodes)
            {
                await Eventually.TrueAsync(async () => await RoomJoins.ValidateAsync(each, room, "late") == 404, "nobody gets in any more", world.DescribeAsync);
            }

            await Eventually.TrueAsync(
                async () => await world.Rooms.HeartbeatAsync(node.Name) is { } beat && beat.Rooms.All(report => report.Room.Value != room), "its node has given it up", world.DescribeAsync);
        }
    }

    private static async Task AssertEndedAsync(RealWorld world, Call call)
    {
        await Eventually.TrueAsync(
            () => call.Leaves.All(leave => leave is { Reason: DisconnectReason.RoomDeleted, Action: LeaveAction.Disconnect }), "everybody is told that the room is over", world.DescribeAsync);
        foreach (var node in world.Nodes)
        {
            await Eventually.TrueAsync(async () => await RoomJoins.ValidateAsync(node, "room", "late") == 404, "nobody gets in any more", world.DescribeAsync);
        }
    }
}
