using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Rooms that come to be because somebody joins them: real nodes, room API, operator, API server and Redis, each a process of its own.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class OnDemandTests(OperatorFixture fixture)
{
    /// <summary>As long as clients wait.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Whoever_may_create_the_room_they_join_is_in_it_and_in_a_new_one_when_that_was_ended()
    {
        await using var control = new ControlPlane();
        await using var world = await RealWorld.CreateAsync(
            fixture,
            real: 2,
            change: spec => spec["autoCreate"] = new JsonObject { ["roomApi"] = control.RoomApi.ToString().TrimEnd('/') },
            start: (fleet, redis) => control.StartAsync(fleet, fixture.Cluster, redis));
        async Task<string> SeenAsync() => $"{await world.DescribeAsync()}\n{control.Log}";

        Assert.Null(await RoomJoins.TryAsync(world.Nodes[0], "meeting", "alice"));
        Assert.Null(await world.Rooms.ReadAsync("meeting"));
        var first = await RoomJoins.TryAsync(world.Nodes[0], "meeting", "alice", mayCreate: true, Patience);
        Assert.True(first is not null, await SeenAsync());
        var made = (await world.Rooms.ReadAsync("meeting"))!;
        Assert.Equal((RoomPhase.Ready, 1), (made.Status!.Phase, made.Status.Generation));
        Assert.Contains(world.Nodes, node => node.Name == made.Status.Assignments.Single().Instance);
        Assert.Equal("1h", made.Spec.TtlAfterEnded.ToString());
        await using (await Call.StartAsync(world.Network, "meeting", world.Nodes[0], world.Nodes[1]))
        {
            await world.Rooms.UntilAsync("meeting", "counts its people", s => s.Participants == 2);
        }

        Assert.Equal(200, await RoomJoins.DeleteAsync(world.Nodes[1], "meeting"));
        foreach (var node in world.Nodes)
        {
            Assert.Null(await RoomJoins.TryAsync(node, "meeting", "bob"));
        }

        Assert.Equal(RoomPhase.Ended, (await world.Rooms.ReadAsync("meeting"))!.Status!.Phase);
        var second = await RoomJoins.TryAsync(world.Nodes[1], "meeting", "carol", mayCreate: true, Patience);
        Assert.True(second is not null, await SeenAsync());
        Assert.NotEqual(first.Value.Session, second.Value.Session);
        var anew = (await world.Rooms.ReadAsync("meeting"))!;
        Assert.NotEqual(made.Metadata.Uid, anew.Metadata.Uid);
        Assert.Equal((RoomPhase.Ready, 2), (anew.Status!.Phase, anew.Status.Generation));
    }
}
