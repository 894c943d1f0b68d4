using System.Text.Json;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using StackExchange.Redis;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>What the registry does not say, or says in error, is no proof that a room is not there.</summary>
public class RegistryDoubtTests(RegionFixture region) : IClassFixture<RegionFixture>
{
    private const int TryAgain = 503;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_room_that_is_made_anew_after_the_registry_was_lost_is_joined_once_its_generation_is_newer()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using (var alice = await region.B.JoinAsync(room.Value, "alice"))
        {
            await alice.JoinedAsync();
            await region.PlaceAsync(room, region.A, state: RoomRouteState.Ended);
            await alice.UntilAsync(message => message.Leave is not null);
        }

        // The owner may have sent her away before the node she came through has heard of it.
        await Eventually.IsAsync(async () => (await region.B.ValidateAsync(room.Value, "bob")).Status == 404, Patience, "both know that it is over");
        await region.Redis.FlushAllAsync();
        await region.PublishEpochAsync();
        await region.PlaceAsync(room, region.A);
        foreach (var node in (FleetNode[])[region.A, region.B])
        {
            // Each tells the operator what it would believe, and nobody that there is no such room.
            await Eventually.IsAsync(async () => await FenceAsync(node, room) == 2, Patience, $"{node.Id} reports its fence");
            Assert.Equal(TryAgain, (await node.ValidateAsync(room.Value, "bob")).Status);
        }

        await region.PlaceAsync(room, region.A, generation: 2);
        using var bob = await Eventually.HasAsync(() => region.B.TryJoinAsync(room, "bob"), Patience, "the room is joined");
        await bob.JoinedAsync();
        foreach (var node in (FleetNode[])[region.A, region.B])
        {
            await Eventually.IsAsync(async () => await FenceAsync(node, room) is null, Patience, $"{node.Id} has nothing to say any more");
        }
    }

    [Fact]
    public async Task A_route_that_was_lost_is_waited_for_by_whoever_has_seen_it()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await region.Database.KeyDeleteAsync(region.Keys.Route(room));
        Assert.Equal(TryAgain, (await region.B.ValidateAsync(room.Value, "bob")).Status);
        await alice.PingAsync(1);
    }

    [Fact]
    public async Task A_route_that_was_lost_is_waited_for_by_a_node_that_has_never_seen_it_while_the_owner_reports_the_room()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await Eventually.IsAsync(
            async () => (await region.HeartbeatAsync(region.A))!.Rooms.Any(report => report.Room == room), Patience, "the owner reports it");
        await region.Database.KeyDeleteAsync(region.Keys.Route(room));
        await using var late = await FleetNode.StartAsync("node-late", region.Redis.Address);
        Assert.Equal(TryAgain, (await late.ValidateAsync(room.Value, "bob")).Status);
        Assert.Equal(404, (await late.ValidateAsync(region.NewRoom().Value, "bob")).Status);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("{}")]
    public async Task A_route_that_cannot_be_read_is_to_be_tried_again(string value)
    {
        var room = region.NewRoom();
        await region.Database.StringSetAsync(region.Keys.Route(room), value);
        Assert.Equal(TryAgain, (await region.B.ValidateAsync(room.Value, "alice")).Status);
        await region.Database.KeyDeleteAsync(region.Keys.Route(room));
    }

    [Fact]
    public async Task A_live_failover_to_a_replica_is_noticed_at_once()
    {
        await using var first = await RedisServer.StartNewAsync();
        await using var second = await RedisServer.StartNewAsync();
        await second.ReplicateAsync(first);
        await using var node = await FleetNode.StartAsync("node-failover", $"{first.Address},{second.Address}");
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{second.Address},abortConnect=false,allowAdmin=true");
        var key = region.Keys.Node(node.Id);
        await Eventually.IsAsync(() => connection.GetDatabase().KeyExistsAsync(key, CommandFlags.PreferReplica), Patience, "the heartbeat is replicated");

        // Both stay up and every connection stays open: only the answers to writes tell.
        await second.PromoteAsync();
        await first.ReplicateAsync(second);
        var before = await SequenceAsync(connection, key);
        await Eventually.IsAsync(async () => await SequenceAsync(connection, key) > before + 1, Patience, "the node reports to the new primary");
    }

    private static async Task<long> SequenceAsync(ConnectionMultiplexer connection, string key)
    {
        try
        {
            var json = await connection.GetDatabase().StringGetAsync(key, CommandFlags.PreferReplica);
            return ContractJson.TryRead(((ReadOnlyMemory<byte>)json).Span, ContractJson.Default.Heartbeat, out var heartbeat) ? heartbeat.Sequence : 0;
        }
        catch (RedisException)
        {
            return 0;
        }
    }

    /// <summary>The generation that a node asks for a room; null when it asks for none.</summary>
    private async Task<long?> FenceAsync(FleetNode node, RoomId room)
    {
        if ((byte[]?)await region.Database.StringGetAsync(region.Keys.Node(node.Id)) is not { } json)
        {
            return null;
        }

        using var document = JsonDocument.Parse(json);
        if (!document.RootElement.TryGetProperty("fences", out var fences))
        {
            return null;
        }

        foreach (var fence in fences.EnumerateArray())
        {
            if (fence.GetProperty("room").GetString() == room.Value)
            {
                return fence.GetProperty("generation").GetInt64();
            }
        }

        return null;
    }
}
