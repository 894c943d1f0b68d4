using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.Rooms;
using k8s.Models;

namespace BuildIt.Operator.Tests.Clusters;

/// <summary>A write that fails stops neither the other writes nor what is concluded, and says what it is.</summary>
public sealed class FailingWriteTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_pod_that_cannot_be_made_whatever_the_status_is_explained_in_the_servers_words()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await using (await FailingWrites.StartAsync(world, "pods", "CREATE"))
        {
            await world.CreateFleetAsync();
            await world.UntilAsync("it is shown", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "PodRefused" }));
            Assert.Contains("nobody.listens.example.com", (await world.ConditionAsync("Degraded"))!.Message, StringComparison.Ordinal);
            await world.ToldAsync("PodRefused");
        }

        await world.ReadyAsync(2);
    }

    [Fact]
    public async Task A_pod_that_cannot_be_changed_is_explained_in_the_servers_words()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        await using (await FailingWrites.StartAsync(world, "pods", "UPDATE"))
        {
            await world.PatchFleetAsync("""{"spec":{"replicas":{"min":1,"max":1}}}""");
            await world.UntilAsync("it is shown", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "PodNotChanged" }));
            Assert.Contains("nobody.listens.example.com", (await world.ConditionAsync("Degraded"))!.Message, StringComparison.Ordinal);
            await world.ToldAsync("PodNotChanged");
        }

        await world.ReadyAsync(1);
        await world.UntilAsync("all is well", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "False" }));
    }

    [Fact]
    public async Task While_a_service_cannot_be_written_the_dead_are_judged_rooms_move_and_new_ones_are_placed_even_by_the_next_operator()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2);
        await world.CreateAsync("before");
        var owner = (await world.ReadyAsync("before")).Assignments[0].Instance;
        await using var failing = await FailingWrites.StartAsync(world.Fleet, "services", "CREATE");
        await world.Fleet.Api.DeleteAsync<V1Service>(world.Fleet.Namespace, "fleet-signal", null, null, CancellationToken.None);
        await world.Fleet.UntilAsync("it is shown", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "ServiceNotWritten" }));
        Assert.Contains("nobody.listens.example.com", (await world.Fleet.ConditionAsync("Degraded"))!.Message, StringComparison.Ordinal);
        await world.Fleet.ToldAsync("ServiceNotWritten");

        await world.Fleet.Kubelet.Running[owner].DieAsync();
        var moved = await world.ReadyAsync("before", generation: 2);
        Assert.NotEqual(owner, moved.Assignments[0].Instance);

        await world.Fleet.StopOperatorAsync();
        await world.CreateAsync("after");
        await world.Fleet.StartOperatorAsync();
        await world.ReadyAsync("after");
    }

    [Fact]
    public async Task A_fleet_that_cannot_be_planned_says_why_and_keeps_no_room_of_another_waiting()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await using var failing = await FailingWrites.StartAsync(world.Fleet, "sfuclusters", "UPDATE");

        // It cannot get its finalizer, and nothing is made for it before.
        await world.Fleet.CreateFleetAsync(name: "other");
        await Eventually.TrueAsync(
            async () => (await world.Fleet.EventsAsync("ReconcileFailed")).Any(e => e.InvolvedObject.Name == "other" && e.Message.Contains("nobody.listens.example.com", StringComparison.Ordinal)),
            "an Event tells",
            world.Fleet.DescribeAsync);

        await world.CreateAsync("room");
        await world.ReadyAsync("room");
    }
}
