using System.Net.WebSockets;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>What a region does without its registry.</summary>
public class RegistryLossTests(RegionFixture region) : IClassFixture<RegionFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Calls_go_on_while_the_registry_is_away_and_after_it_came_back_empty()
    {
        var room = region.NewRoom();
        var route = await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        var joined = await alice.JoinedAsync();
        await bob.JoinedAsync();

        await region.Redis.StopAsync();
        await alice.PingAsync(1);
        await bob.PingAsync(1);

        // Without the registry and without the operator's probe nobody can say that the room is still here: nobody new gets in.
        await Eventually.IsAsync(
            async () => (await region.A.TryJoinAsync(room, "carol")) is null, TimeSpan.FromSeconds(12), "newcomers are told to try again");
        using var resumed = await region.A.JoinAsync(room.Value, "alice", extra: $"&reconnect=1&sid={joined.Participant.Sid}");
        Assert.NotNull((await resumed.ReceiveAsync())!.Reconnect);
        await bob.PingAsync(2);

        await region.Redis.StartAsync();
        await Eventually.IsAsync(async () => await region.HeartbeatAsync(region.A) is not null, Patience, "the node reports again");
        await bob.PingAsync(3);
        Assert.Equal(503, (await region.B.ValidateAsync(region.NewRoom().Value, "alice")).Status);

        await region.PlaceAsync(room, region.A, route.Generation);
        await region.PublishEpochAsync();
        using var carol = await Eventually.HasAsync(() => region.B.TryJoinAsync(room, "carol"), Patience, "joins work again");
        Assert.Equal(2, (await carol.JoinedAsync()).OtherParticipants.Count);
        await bob.PingAsync(4);
    }

    [Fact]
    public async Task An_emptied_registry_disturbs_no_call()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await region.Redis.FlushAllAsync();
        await alice.PingAsync(1);

        // The owner lets people in even before its route is back; another node that has never heard of the room asks to wait.
        using var bob = await Eventually.HasAsync(() => region.A.TryJoinAsync(room, "bob"), Patience, "the owner lets people in");
        await bob.JoinedAsync();
        Assert.NotEqual(404, (await region.B.ValidateAsync(room.Value, "carol")).Status);
        await region.PublishEpochAsync();
        await alice.PingAsync(2);
    }
}
