using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>What becomes of rooms when pods, the registry or the operator go.</summary>
public sealed class RoomFailoverTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task Rooms_of_a_dead_pod_are_placed_again_and_a_zombie_changes_nothing()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 3);
        foreach (var room in (string[])["a", "b", "c"])
        {
            world.People[room] = 2;
            await world.CreateAsync(room, """{"expectedParticipants":2}""");
        }

        var dead = (await world.ReadyAsync("a")).Assignments[0].Instance;
        foreach (var room in (string[])["b", "c"])
        {
            // The fullest pod within its target is filled first.
            Assert.Equal(dead, (await world.ReadyAsync(room)).Assignments[0].Instance);
        }

        await world.UntilAsync("a", "is reported", s => s.Participants == 2);
        var node = world.Fleet.Kubelet.Running[dead];
        await node.DieAsync();
        foreach (var room in (string[])["a", "b", "c"])
        {
            var status = await world.ReadyAsync(room, generation: 2);
            Assert.Equal(1, status.Failovers);
            Assert.NotEqual(dead, status.Assignments[0].Instance);
            await world.RouteIsAsync(room, "names the new pod", route => route.Generation == 2 && route.Node.Value == status.Assignments[0].Instance);
        }

        // It beats again, and believes it still has its rooms.
        var route = await world.RouteAsync("a");
        node.Rooms = () => [new RoomReport { Room = new RoomId("a"), Generation = 1, Participants = 9, EverJoined = true }];
        node.Beats = true;
        await Eventually.StaysTrueAsync(
            async () => await world.ReadAsync("a") is { Status: { Generation: 2, Participants: not 9 } } && (await world.RouteAsync("a"))!.Node == route!.Node,
            TimeSpan.FromSeconds(3),
            "an older generation has no say");
    }

    [Fact]
    public async Task Rooms_leave_a_pod_that_died_together_with_the_operator_that_heard_it()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 3);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var lost = (await world.ReadyAsync("room")).Assignments[0].Instance;

        // One machine: the kubelet that would tell is gone with them, so Kubernetes goes on calling the pod ready.
        world.Fleet.KillOperator();
        world.Fleet.Kubelet.CutOff[lost] = true;
        await world.Fleet.Kubelet.Running[lost].DieAsync();
        await Eventually.TrueAsync(async () => await world.HeartbeatAsync(lost) is null, "nothing is left of the pod in the registry");
        await world.Fleet.ExpireLeaseAsync();
        await world.Fleet.StartOperatorAsync();

        var moved = await world.ReadyAsync("room", generation: 2);
        Assert.NotEqual(lost, moved.Assignments[0].Instance);
        Assert.Equal(1, moved.Failovers);
        await world.Fleet.ToldAsync("PodReplaced", lost);
    }

    /// <summary>Paused by somebody, or left alone because its spec is bad: pods are frozen, rooms are not.</summary>
    [Theory]
    [InlineData("""{"spec":{"paused":true}}""")]
    [InlineData("""{"spec":{"autoscaling":{"schedules":[{"cron":"0 25 * * *","min":1}]}}}""")]
    public async Task Rooms_leave_a_dead_pod_of_a_fleet_that_is_left_as_it_is(string patch)
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 3);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var dead = (await world.ReadyAsync("room")).Assignments[0].Instance;
        var before = await world.Fleet.PodNamesAsync();
        await world.Fleet.PatchFleetAsync(patch);
        await world.Fleet.UntilAsync("the operator has seen it", status => status.ObservedGeneration == 2);
        await world.Fleet.Kubelet.Running[dead].DieAsync();

        Assert.NotEqual(dead, (await world.ReadyAsync("room", generation: 2)).Assignments[0].Instance);
        Assert.Equal(before, await world.Fleet.PodNamesAsync());
    }

    [Fact]
    public async Task A_room_of_a_fleet_that_is_silent_as_a_whole_is_not_called_ready()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        await world.ReadyAsync("room");
        foreach (var node in world.Fleet.Kubelet.Running.Values)
        {
            node.Beats = false;
            node.Manners = Manners.Slow;
        }

        var doubted = await world.UntilAsync("room", "is doubted", s => s.Conditions.Any(c => c is { Type: "Ready", Status: "Unknown", Reason: "OwnerSilent" }));
        Assert.Equal((1, 0), (doubted.Generation, doubted.Failovers));
        foreach (var node in world.Fleet.Kubelet.Running.Values)
        {
            node.Beats = true;
            node.Manners = Manners.Polite;
        }

        await world.UntilAsync("room", "is ready where it was", s => s.Generation == 1 && s.Conditions.Any(c => c is { Type: "Ready", Status: "True" }));
    }

    /// <summary>The registry died on the same machine as the pod, so that it cannot tell.</summary>
    [Fact]
    public async Task Rooms_leave_a_pod_whose_machine_took_the_registry_with_it()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var world = await RoomWorld.CreateAsync(fixture.Cluster, redis, 3, null, fleet =>
        {
            fleet.Kubelet.NodePerPod = true;
            return fleet.StartOperatorAsync();
        });
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var lost = (await world.ReadyAsync("room")).Assignments[0].Instance;
        var kubelet = world.Fleet.Kubelet;
        await redis.StopAsync();
        kubelet.CutOff[lost] = true;
        await kubelet.Running[lost].DieAsync();
        await world.Fleet.UntilAsync("the registry is missed", status => status.Conditions.Any(c => c is { Type: "Degraded", Reason: "RegistryUnreachable" }));

        // The node controller's word comes later, and then there are two.
        await kubelet.ReportNodeSilentAsync(lost);
        var moved = await world.UntilAsync("room", "is elsewhere", status => status.Generation == 2);
        Assert.NotEqual(lost, moved.Assignments[0].Instance);

        await redis.StartAsync();
        await world.RouteIsAsync("room", "is known where the registry started again", route => route.Generation == 2 && route.Node.Value == moved.Assignments[0].Instance);
    }

    [Fact]
    public async Task Rooms_leave_a_pod_as_soon_as_Kubernetes_says_that_its_process_was_killed()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var killed = (await world.ReadyAsync("room")).Assignments[0].Instance;

        // Its heartbeat never expires here and its probe never fails: only Kubernetes' word can move the room.
        await world.Fleet.Kubelet.ReportKilledAsync(killed);
        var moved = await world.UntilAsync("room", "is elsewhere", status => status.Generation == 2);
        Assert.NotEqual(killed, moved.Assignments[0].Instance);
        Assert.Equal(1, (await world.ReadyAsync("room", generation: 2)).Failovers);
    }

    [Fact]
    public async Task A_room_under_which_one_pod_after_the_other_dies_is_put_into_quarantine_until_somebody_lifts_it()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 3);
        var kubelet = world.Fleet.Kubelet;
        world.People["poison"] = 2;
        await world.CreateAsync("poison");
        for (var death = 1; death <= 5; death++)
        {
            var generation = death;
            var owner = (await world.UntilAsync("poison", $"is served for the {death}. time", s => s.Phase is RoomPhase.Ready && s.Generation == generation)).Assignments[0].Instance;
            await kubelet.ReportKilledAsync(owner);
            await world.UntilAsync("poison", "has left", s => s.Generation > generation);
            await kubelet.ReportAsync(owner, kubelet.Running[owner], "Running", ready: true);
        }

        var quarantined = await world.UntilAsync("poison", "is in quarantine and has no pod", s => s.Phase is RoomPhase.Quarantined && s.Assignments.Count == 0);
        Assert.Equal((4, 5), (quarantined.Failovers, quarantined.RecentLosses.Count));
        Assert.Contains(quarantined.Conditions, c => c is { Type: "Quarantined", Status: "True" } && c.Message.Contains(SfuApi.ReleasedAt, StringComparison.Ordinal));
        Assert.Contains(quarantined.Conditions, c => c is { Type: "Ready", Status: "False", Reason: "Quarantined" });
        await world.RouteIsAsync("poison", "tells its clients that it is over", route => route.State is RoomRouteState.Ended && route.Generation == quarantined.Generation);
        await world.Fleet.ToldAsync("Quarantined");
        await world.Fleet.ReadyAsync(3);

        // Another operator knows it from the object.
        await world.Fleet.StopOperatorAsync();
        await world.Fleet.StartOperatorAsync();
        await Eventually.StaysTrueAsync(
            async () => await world.ReadAsync("poison") is { Status: { Phase: RoomPhase.Quarantined, Assignments.Count: 0 } }, TimeSpan.FromSeconds(3), "it stays where it is");

        // The API keeps whole seconds.
        await world.AnnotateAsync("poison", SfuApi.ReleasedAt, $"{DateTimeOffset.UtcNow.AddSeconds(1):yyyy-MM-dd'T'HH:mm:ss'Z'}");
        var released = await world.UntilAsync("poison", "is served again", s => s.Phase is RoomPhase.Ready);
        Assert.True(released.Generation > quarantined.Generation);
        Assert.Contains(released.Conditions, c => c is { Type: "Quarantined", Status: "False" });
        await world.RouteIsAsync("poison", "names its pod", route => route.State is RoomRouteState.Serving && route.Generation == released.Generation);
    }

    [Fact]
    public async Task A_room_waits_for_its_pod_to_start_again_where_there_is_no_other()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var only = (await world.ReadyAsync("room")).Assignments[0].Instance;
        await world.Fleet.Kubelet.ReportKilledAsync(only);
        var waiting = await world.UntilAsync("room", "waits", status => status.Phase is RoomPhase.Recovering);
        Assert.Equal((1, only), (waiting.Generation, waiting.Assignments[0].Instance));
        await world.Fleet.Kubelet.ReportAsync(only, world.Fleet.Kubelet.Running[only], "Running", ready: true);
        Assert.Equal(only, (await world.ReadyAsync("room")).Assignments[0].Instance);
    }

    [Fact]
    public async Task One_witness_is_not_enough_and_an_operator_that_sees_nobody_does_nothing()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var world = await RoomWorld.CreateAsync(fixture, redis, pods: 2);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var owner = (await world.ReadyAsync("room")).Assignments[0].Instance;
        var node = world.Fleet.Kubelet.Running[owner];

        // Redis does not see it, the probe does.
        node.Beats = false;
        await Eventually.StaysTrueAsync(
            async () => await world.ReadAsync("room") is { Status: { Generation: 1, Failovers: 0 } }, TimeSpan.FromSeconds(8), "a pod that answers keeps its rooms");
        node.Beats = true;

        // The operator is cut off: the registry is away and no pod answers.
        await redis.StopAsync();
        foreach (var each in world.Fleet.Kubelet.Running.Values)
        {
            await each.DieAsync();
        }

        await Eventually.StaysTrueAsync(
            async () => await world.ReadAsync("room") is { Status: { Generation: 1, Failovers: 0 } }, TimeSpan.FromSeconds(10), "a doubted witness moves nothing");
    }

    [Fact]
    public async Task Rooms_of_pods_that_are_replaced_move_to_the_new_ones()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1, spec => spec["replicas"] = new JsonObject { ["min"] = 1, ["max"] = 3 });
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var old = (await world.ReadyAsync("room")).Assignments[0].Instance;
        await world.Fleet.PatchFleetAsync("""{"spec":{"image":"registry.example.com/sfu-node:next"}}""");
        var moved = await world.ReadyAsync("room", generation: 2);
        Assert.NotEqual(old, moved.Assignments[0].Instance);
        Assert.Equal(0, moved.Failovers);
        await world.Fleet.ToldAsync("Migrating");
        await Eventually.TrueAsync(async () => !(await world.Fleet.PodNamesAsync()).Contains(old), "the old pod goes once it is empty", world.Fleet.DescribeAsync);
    }

    [Fact]
    public async Task Two_hundred_routes_are_back_after_the_registry_was_emptied()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 4, spec =>
        {
            spec["capacity"] = new JsonObject { ["maxRooms"] = 100, ["maxPublishers"] = 1000, ["maxSubscribers"] = 1000 };
        });
        var rooms = Enumerable.Range(0, 200).Select(i => $"room-{i}").ToList();
        await Parallel.ForEachAsync(rooms, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (room, _) =>
        {
            world.People[room] = 1;
            await world.CreateAsync(room, """{"expectedParticipants":2}""");
        });
        await Eventually.TrueAsync(async () => (await world.ListAsync()).All(room => room.Status?.Phase is RoomPhase.Ready), "all are ready", world.Fleet.DescribeAsync);
        var before = (await world.ListAsync()).ToDictionary(room => room.Metadata.Name, room => room.Status!);

        // Only this namespace's names: other tests use the same server.
        await world.Database.KeyDeleteAsync([.. rooms.Select(room => (StackExchange.Redis.RedisKey)world.Keys.Route(new RoomId(room))), world.Keys.Epoch]);
        await Eventually.TrueAsync(async () =>
        {
            var routes = await Task.WhenAll(rooms.Select(world.RouteAsync));
            return routes.All(route => route is not null) && routes.All(route => route!.Generation == before[route.Room.Value].Generation && route.Node.Value == before[route.Room.Value].Assignments[0].Instance);
        }, "every route is back as it was");
    }

    [Fact]
    public async Task A_registry_that_is_away_moves_nothing()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var world = await RoomWorld.CreateAsync(fixture, redis, pods: 2);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        await world.ReadyAsync("room");
        await redis.StopAsync();
        await Eventually.StaysTrueAsync(
            async () => await world.ReadAsync("room") is { Status: { Generation: 1, Failovers: 0 } }, TimeSpan.FromSeconds(15), "nothing is failed over");
        await world.CreateAsync("meanwhile");
        await world.UntilAsync("meanwhile", "says what is missing", s => s.Conditions.Any(c => c is { Type: "Ready", Status: "False" }));
        await redis.StartAsync();
        await world.RouteIsAsync("room", "is back in an empty registry", route => route.Generation == 1);
        await world.RouteIsAsync("meanwhile", "follows", route => route.Generation == 1);
        await world.UntilAsync("meanwhile", "is ready after all", s => s.Conditions.Any(c => c is { Type: "Ready", Status: "True" }));
    }

    [Fact]
    public async Task An_operator_that_ends_between_any_two_writes_leaves_nothing_half_done()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2);
        for (var after = 0; after < 5; after++)
        {
            var room = $"room-{after}";
            await world.Fleet.StopOperatorAsync();
            var end = new EndAfter(room, after);
            await world.Fleet.StartOperatorAsync(end);
            await world.CreateAsync(room);
            var ended = await Task.WhenAny(end.Reached, world.ReadyAsync(room));
            await world.Fleet.StopOperatorAsync();
            Assert.True(after > 1 || ended == end.Reached, "a room takes at least two writes");
            await world.Fleet.StartOperatorAsync();
            var status = await world.ReadyAsync(room);
            await world.RouteIsAsync(room, "is that of the status", route => route.Node.Value == status.Assignments[0].Instance && route.Generation == status.Generation);
        }
    }

    /// <summary>Lets so many writes to a room's object through and none after, as if the process had ended.</summary>
    private sealed class EndAfter(string room, int writes) : IApiWriteObserver
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _count;

        public Task Reached => _reached.Task;

        public ValueTask BeforeWriteAsync(ApiWrite write, CancellationToken cancellation)
        {
            if (write.Path.Contains($"/conferencerooms/{room}", StringComparison.Ordinal) && Interlocked.Increment(ref _count) > writes)
            {
                _reached.TrySetResult();
                throw new HttpRequestException("the process has ended");
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask AfterWriteAsync(ApiWrite write, CancellationToken cancellation) => ValueTask.CompletedTask;
    }
}
