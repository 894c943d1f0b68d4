using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;
using BuildIt.Sfu.Contracts;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>
/// Somebody sees less than others do. Real nodes, a real Redis and a real API server; throughout, newcomers keep joining through
/// every node, and no room is ever served to them by two.
/// </summary>
[Collection(RealNodeCollection.Name)]
public sealed class PartitionTests(OperatorFixture fixture)
{
    private static readonly TimeSpan Lease = Heartbeat.Expiry;

    [Fact]
    public async Task A_node_that_redis_cannot_see_but_clients_and_the_operator_can_keeps_its_rooms()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        var pods = await world.PodsAsync();
        await using var probe = new JoinProbe("room", world.Nodes);
        await Eventually.TrueAsync(() => probe.Joins.Count > 20, "newcomers get in");

        owner.ToRegistry.Silence();
        await world.Fleet.UntilAsync("the node is suspect", status => status.Instances.Any(i => i.Name == owner.Name && i.State == InstanceState.Suspect));
        await Eventually.StaysTrueAsync(
            async () => await world.Rooms.ReadAsync("room") is { Status: { Generation: 1, Failovers: 0 } }, TimeSpan.FromSeconds(6), "one witness moves nothing");
        var before = probe.Joins.Count;
        await Eventually.TrueAsync(() => probe.Joins.Count > before + 20, "newcomers still get in");

        owner.ToRegistry.Mend();
        await world.Fleet.ReadyAsync(2);
        Assert.Equal(pods, await world.PodsAsync());
        Assert.Single(probe.Owners);
        probe.AssertOneAtATime();
        await call.AssertUndisturbedAsync(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_node_that_only_clients_can_see_loses_its_rooms_and_lets_nobody_new_in()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 3);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", owner, owner);
        await using var probe = new JoinProbe("room", world.Nodes);
        await Eventually.TrueAsync(() => probe.Joins.Count > 20, "newcomers get in");

        // Its kubelet is cut off with it: the pod that the operator deletes goes on.
        world.Fleet.Kubelet.CutOff[owner.Name] = true;
        owner.Partition();
        var moved = await world.Rooms.ReadyAsync("room", generation: 2);
        var next = world.OwnerOf(moved);
        Assert.NotEqual(owner, next);
        await Eventually.TrueAsync(() => probe.Owners.Count == 2, "newcomers get into the room's new home", world.DescribeAsync);

        // Whoever was in the room on the lost node goes on talking; nobody new comes in there.
        Assert.True(call.IsActive);
        Assert.Null(await RoomJoins.TryAsync(owner, "room", "late"));
        Assert.Equal(503, await RoomJoins.ValidateAsync(owner, "room", "late"));
        probe.AssertOneAtATime();

        owner.Mend();
        await Eventually.TrueAsync(() => call.Leaves.All(leave => leave?.Action is LeaveAction.Reconnect), "the zombie sends its people on", world.DescribeAsync);
        await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(owner, "room", "later") is { } by && by.Node == probe.Owners[1], "and newcomers too", world.DescribeAsync);
        probe.AssertOneAtATime();
        Assert.Equal(2, (await world.Rooms.ReadAsync("room"))!.Status!.Generation);
    }

    [Fact]
    public async Task An_operator_that_sees_nobody_moves_nothing_and_everybody_goes_on()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        var pods = await world.PodsAsync();
        await using var probe = new JoinProbe("room", world.Nodes);

        world.BlindOperator();
        await world.Fleet.UntilAsync("the operator says so", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True" }));
        await Eventually.StaysTrueAsync(
            async () => await world.Rooms.ReadAsync("room") is { Status: { Generation: 1, Failovers: 0 } } && pods.SequenceEqual(await world.PodsAsync()),
            TimeSpan.FromSeconds(12),
            "an operator without witnesses does nothing");
        var before = probe.Joins.Count;
        await Eventually.TrueAsync(() => probe.Joins.Count > before + 20, "newcomers get in without it");

        world.OpenEyes();
        await world.Fleet.ReadyAsync(2);
        Assert.Equal(pods, await world.PodsAsync());
        Assert.Single(probe.Owners);
        Assert.Equal(0, probe.Refused);
        await call.AssertUndisturbedAsync(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task A_zombie_that_returns_again_and_again_never_serves_beside_the_new_owner()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 3);
        await world.OpenAsync("room");
        var generation = 1;
        for (var round = 0; round < 2; round++)
        {
            var zombie = world.OwnerOf(await world.Rooms.ReadyAsync("room", generation));
            world.Fleet.Kubelet.CutOff[zombie.Name] = true;
            await using var probe = new JoinProbe("room", world.Nodes);
            await Eventually.TrueAsync(() => probe.Joins.Count > 20, "newcomers get in", world.DescribeAsync);

            await zombie.PauseAsync();
            await world.Rooms.ReadyAsync("room", ++generation);
            await Eventually.TrueAsync(() => probe.Owners.Count == 2, "newcomers get into the room's new home", world.DescribeAsync);
            await zombie.ContinueAsync();

            // It may not even know yet that it was away.
            var seen = probe.Joins.Count;
            await Eventually.TrueAsync(() => probe.Joins.Skip(seen).Count(join => join.Through == zombie.Name) > 10, "newcomers get in through the one that came back", world.DescribeAsync);
            probe.AssertOneAtATime();
            Assert.Equal(2, probe.Owners.Count);
            world.Fleet.Kubelet.CutOff.TryRemove(zombie.Name, out _);
            await world.Fleet.ReadyAsync(3);
        }
    }

    [Fact]
    public async Task A_zombie_that_returns_to_an_emptied_registry_without_an_operator_serves_nobody()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 3);
        var zombie = world.OwnerOf(await world.OpenAsync("room"));
        world.Fleet.Kubelet.CutOff[zombie.Name] = true;
        await using var probe = new JoinProbe("room", world.Nodes);
        await Eventually.TrueAsync(() => probe.Joins.Count > 20, "newcomers get in", world.DescribeAsync);

        await zombie.PauseAsync();
        await world.Rooms.ReadyAsync("room", generation: 2);
        await Eventually.TrueAsync(() => probe.Owners.Count == 2, "newcomers get into the room's new home", world.DescribeAsync);
        await world.Fleet.StopOperatorAsync();
        await world.Redis.FlushAllAsync();
        await zombie.ContinueAsync();

        // Its heartbeat is the only thing there, and nothing says any more that the room has moved.
        await Eventually.TrueAsync(
            async () => await world.Rooms.Database.KeyExistsAsync(world.Rooms.Keys.Node(new NodeId(zombie.Name))), "it reports again", world.DescribeAsync);
        await Eventually.StaysTrueAsync(
            async () => await RoomJoins.TryAsync(zombie, "room", "late") is not { } by || by.Node == probe.Owners[1], Lease, "it cannot know that the room is still its own");
        probe.AssertOneAtATime();

        await world.Fleet.StartOperatorAsync();
        await Eventually.TrueAsync(
            async () => await RoomJoins.TryAsync(zombie, "room", "later") is { } by && by.Node == probe.Owners[1], "routes come back, and it passes newcomers on", world.DescribeAsync);
        probe.AssertOneAtATime();
    }
}
