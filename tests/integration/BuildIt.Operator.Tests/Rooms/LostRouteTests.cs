using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>What a registry loses comes back, and what it forgets is not counted anew. Real nodes, Redis with a real replica.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class LostRouteTests(OperatorFixture fixture)
{
    [Fact]
    public async Task A_room_that_is_made_again_after_redis_was_lost_is_joined_through_every_node()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        await world.OpenAsync("room");
        foreach (var node in world.Nodes)
        {
            await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(node, "room", "before") is not null, "every node has seen it", world.DescribeAsync);
        }

        await world.Rooms.DeleteAsync("room");
        await Eventually.TrueAsync(async () => await world.Rooms.ReadAsync("room") is null, "the room is gone", world.DescribeAsync);
        foreach (var node in world.Nodes)
        {
            await Eventually.TrueAsync(async () => await RoomJoins.ValidateAsync(node, "room", "late") == 404, "every node knows that it is over", world.DescribeAsync);
        }

        await world.Redis.FlushAllAsync();
        await world.Rooms.CreateAsync("room");
        foreach (var node in world.Nodes)
        {
            await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(node, "room", "again") is not null, $"{node.Name} lets people into the new room", world.DescribeAsync);
        }

        Assert.True((await world.Rooms.ReadAsync("room"))!.Status!.Generation > 1, "the generation does not go back");
    }

    [Fact]
    public async Task An_end_that_redis_has_lost_is_written_again()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 1);
        await world.OpenAsync("room");
        var route = (await world.Rooms.RouteAsync("room"))!;
        await world.Rooms.DeleteAsync("room");
        await Eventually.TrueAsync(async () => await RoomJoins.ValidateAsync(world.Nodes[0], "room", "late") == 404, "the node knows that it is over", world.DescribeAsync);

        // As a replica that was promoted too soon has it; somebody who asks makes the node look.
        await world.Rooms.Database.StringSetAsync(world.Rooms.Keys.Route(route.Room), ContractJson.Write(route, ContractJson.Default.RoomRoute));
        await Eventually.TrueAsync(
            async () => await RoomJoins.ValidateAsync(world.Nodes[0], "room", "later") == 404 && await world.Rooms.RouteAsync("room") is { State: RoomRouteState.Ended },
            "the registry says again that it is over",
            world.DescribeAsync);
    }

    [Fact]
    public async Task A_route_that_redis_has_lost_is_written_again()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("room");
        var status = await world.ReadyAsync("room");
        await world.RouteIsAsync("room", "is known", _ => true);
        var older = (await world.RouteAsync("room"))! with { Node = new NodeId("another"), Generation = 0 };
        await world.Database.KeyDeleteAsync(world.Keys.Route(new RoomId("room")));
        await world.RouteIsAsync("room", "is back", route => route.Generation == 1 && route.Node.Value == status.Assignments[0].Instance);

        await world.Database.StringSetAsync(world.Keys.Route(older.Room), ContractJson.Write(older, ContractJson.Default.RoomRoute));
        await world.RouteIsAsync("room", "is back in place of an older one", route => route.Generation == 1 && route.Node.Value == status.Assignments[0].Instance);
        await world.Database.StringSetAsync(world.Keys.Route(older.Room), "what cannot be read");
        await world.RouteIsAsync("room", "is back in place of what cannot be read", route => route.Generation == 1);
        Assert.Equal(1, (await world.ReadAsync("room"))!.Status!.Generation);
    }

    [Fact]
    public async Task A_route_that_a_live_failover_lost_is_written_to_the_new_primary()
    {
        await using var first = await RedisServer.StartNewAsync();
        await using var second = await RedisServer.StartNewAsync();
        await using var world = await RoomWorld.CreateAsync(
            fixture, first, pods: 1, spec => spec["redis"] = new JsonObject { ["addresses"] = new JsonArray(first.Address, second.Address) });
        await second.ReplicateAsync(first);
        await world.CreateAsync("early");
        await world.ReadyAsync("early");
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{second.Address},abortConnect=false");
        await Eventually.TrueAsync(async () => await RouteAsync(connection, world, "early") is not null, "the replica has the first route", world.Fleet.DescribeAsync);

        // What is written from now on reaches the first server alone, and is lost with the failover. No connection breaks.
        await second.PromoteAsync();
        await world.CreateAsync("late");
        await world.ReadyAsync("late");
        await first.ReplicateAsync(second);
        await Eventually.TrueAsync(
            async () => await RouteAsync(connection, world, "late") is { Generation: 1, State: RoomRouteState.Serving }, "the new primary has the route that was lost", world.Fleet.DescribeAsync);
    }

    private static async Task<RoomRoute?> RouteAsync(ConnectionMultiplexer connection, RoomWorld world, string room)
    {
        var json = await connection.GetDatabase().StringGetAsync(world.Keys.Route(new RoomId(room)), CommandFlags.PreferReplica);
        return ContractJson.TryRead(((ReadOnlyMemory<byte>)json).Span, ContractJson.Default.RoomRoute, out var route) ? route : null;
    }
}
