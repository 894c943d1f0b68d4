using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;
using BuildIt.Sfu.Contracts;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>What rooms depend on goes away while people are in them. Real nodes with real calls, and simulated ones beside them.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class RoomOutageTests(OperatorFixture fixture, ITestOutputHelper output)
{
    /// <summary>Seconds without Redis or operator; a nightly run sets 60.</summary>
    private const string DurationVariable = "BUILDIT_TEST_OUTAGE_SECONDS";

    private const int Live = 200;

    /// <summary>More would be noticed as a disturbance.</summary>
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(1);

    private static TimeSpan Outage => TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable(DurationVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? seconds : 8);

    [Fact]
    public async Task Everything_in_redis_is_wiped_while_200_rooms_are_live_and_joins_work_within_5_s()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2, simulated: 2, spec =>
        {
            // 52 rooms on each pod until the next one is filled: all four have some.
            spec["capacity"] = new JsonObject { ["maxRooms"] = 75, ["maxPublishers"] = 1000, ["maxSubscribers"] = 1000 };
        });
        var rooms = Enumerable.Range(0, Live).Select(i => $"room-{i}").ToList();
        await Parallel.ForEachAsync(rooms, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (room, _) =>
        {
            world.Rooms.People[room] = 1;
            await world.Rooms.CreateAsync(room, """{"expectedParticipants":2}""");
        });
        await Eventually.TrueAsync(async () => (await world.Rooms.ListAsync()).All(room => room.Status?.Phase is RoomPhase.Ready), "all are ready", world.DescribeAsync);
        var before = (await world.Rooms.ListAsync()).ToDictionary(room => room.Metadata.Name, room => room.Status!);
        var owners = before.ToDictionary(pair => pair.Key, pair => world.Nodes.FirstOrDefault(node => node.Name == pair.Value.Assignments[0].Instance));
        var real = rooms.Where(room => owners[room] is not null).ToList();
        Assert.InRange(real.Count, 80, 120);
        var calls = new List<Call>();
        foreach (var room in real.Where((_, i) => i % 25 == 0))
        {
            calls.Add(await Call.StartAsync(world.Network, room, world.Nodes[0], world.Nodes[1]));
        }

        var pods = await world.PodsAsync();
        await world.Redis.FlushAllAsync();
        var watch = Stopwatch.StartNew();

        // Each real room through the node that has it and through the one that has to ask.
        var joined = await Task.WhenAll(real.SelectMany(room => world.Nodes.Select(through => JoinedAsync(through, room, watch))));
        output.WriteLine($"{joined.Length} joins to {real.Count} rooms worked again within {joined.Max().TotalMilliseconds:0} ms of the wipe");

        // And those of the simulated nodes, which nobody can join, are known again.
        foreach (var room in rooms.Except(real))
        {
            await world.Rooms.RouteIsAsync(room, "is as it was", route => route.Generation == before[room].Generation && route.Node.Value == before[room].Assignments[0].Instance);
        }

        foreach (var call in calls)
        {
            await call.AssertUndisturbedAsync(LongestGap);
            await call.DisposeAsync();
        }

        Assert.Equal(pods, await world.PodsAsync());
        Assert.All(await world.Rooms.ListAsync(), room => Assert.Equal((1, 0), (room.Status!.Generation, room.Status.Failovers)));
    }

    [Fact]
    public async Task Redis_is_away_for_a_while_and_calls_go_on_and_nothing_is_failed_over()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2, simulated: 1);
        var owner = await OpenOnARealNodeAsync(world, "room");
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        var pods = await world.PodsAsync();

        await world.Redis.StopAsync();
        await world.Fleet.UntilAsync("the registry is missed", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "RegistryUnreachable" }));
        await Eventually.StaysTrueAsync(
            async () => await world.Rooms.ReadAsync("room") is { Status: { Generation: 1, Failovers: 0, Phase: RoomPhase.Ready } } && pods.SequenceEqual(await world.PodsAsync()),
            Outage,
            "nothing is failed over");

        // The operator's probe vouches for the owner, so it still lets people in; a resource that is made now says what it waits for.
        Assert.NotNull(await RoomJoins.TryAsync(owner, "room", "late"));
        await world.Rooms.CreateAsync("meanwhile");
        await world.Rooms.UntilAsync("meanwhile", "says what is missing", s => s.Conditions.Any(c => c is { Type: "Ready", Status: "False", Reason: "RegistryUnreachable" }));
        await call.AssertUndisturbedAsync(LongestGap);

        await world.Redis.StartAsync();
        await world.Rooms.RouteIsAsync("room", "is back in an empty registry", route => route.Generation == 1 && route.Node.Value == owner.Name);
        await world.Rooms.ReadyAsync("meanwhile");
        foreach (var node in world.Nodes)
        {
            await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(node, "room", "later") is not null, "joins work through every node", world.DescribeAsync);
        }

        Assert.Equal(pods, await world.PodsAsync());
        await call.AssertUndisturbedAsync(LongestGap);
    }

    [Fact]
    public async Task The_operator_is_away_and_joins_to_existing_rooms_work()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        var pods = await world.PodsAsync();
        world.Fleet.KillOperator();
        await world.Fleet.ExpireLeaseAsync();

        await using (var probe = new JoinProbe("room", world.Nodes))
        {
            await Eventually.StaysTrueAsync(() => Task.FromResult(true), Outage, "time passes");
            await Eventually.TrueAsync(() => probe.Joins.GroupBy(join => join.Through).Count(group => group.Count() > 20) == 2, "newcomers get in through both nodes", world.DescribeAsync);
            Assert.Equal(0, probe.Refused);
            Assert.Single(probe.Owners);
        }

        await world.Rooms.CreateAsync("meanwhile");
        Assert.Null((await world.Rooms.ReadAsync("meanwhile"))!.Status?.Assignments.FirstOrDefault());
        await world.Fleet.StartOperatorAsync();
        await world.Rooms.ReadyAsync("meanwhile");
        Assert.Equal(pods, await world.PodsAsync());
        Assert.Equal((1, 0), ((await world.Rooms.ReadAsync("room"))!.Status!.Generation, (await world.Rooms.ReadAsync("room"))!.Status!.Failovers));
        await call.AssertUndisturbedAsync(LongestGap);
    }

    private static async Task<TimeSpan> JoinedAsync(NodeProcess through, string room, Stopwatch watch)
    {
        await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(through, room, $"after-{through.Name}") is not null, $"{room} can be joined through {through.Name}");
        return watch.Elapsed;
    }

    // Beside simulated nodes a room may land on one of them, where nobody can call.
    private static async Task<NodeProcess> OpenOnARealNodeAsync(RealWorld world, string room)
    {
        foreach (var node in world.Fleet.Kubelet.Running.Values)
        {
            node.Load = new NodeLoad { Rooms = NodeCapacity.Default.MaxRooms, Participants = 1 };
            node.Rooms = () => [];
        }

        await world.Fleet.UntilAsync("the simulated nodes are seen to be full", status => status.Load?.Rooms >= world.Fleet.Kubelet.Running.Count * NodeCapacity.Default.MaxRooms);
        return world.OwnerOf(await world.OpenAsync(room));
    }
}
