using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class ScalingTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_fleet_grows_with_its_load_and_shrinks_by_draining_the_emptiest()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var busy = await world.PodNamesAsync();

        // 120 publishers of 50 for each pod at 0.7: four pods.
        world.LoadEverybody(60);
        await world.ReadyAsync(4);
        await world.ToldAsync("Scaled", "from 2 to 4 pods");
        Assert.Equal("60% publishers", (await world.StatusAsync()).Load!.Summary);

        // Still somebody on the first two; the two that never had anybody go.
        world.LoadEverybody(0);
        world.Kubelet.Running[busy[0]].Load = FleetWorld.Participants(1);
        world.Kubelet.Running[busy[1]].Load = FleetWorld.Participants(1);
        await world.ReadyAsync(2);
        Assert.Equal(busy, await world.PodNamesAsync());
        await world.ToldAsync("DrainStarted");
    }

    [Fact]
    public async Task A_busy_pod_is_drained_until_its_deadline_and_then_its_clients_are_sent_away()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec =>
        {
            spec["replicas"] = new JsonObject { ["min"] = 0, ["max"] = 4, ["desired"] = 2 };
            spec["drain"] = new JsonObject { ["deadline"] = "3s", ["mode"] = "Wait" };
        });
        await world.ReadyAsync(2);
        world.LoadEverybody(5);
        await world.UntilAsync("the load is seen", status => status.Load?.Participants == 10);
        await world.PatchFleetAsync("""{"spec":{"replicas":{"desired":1}}}""");

        await world.UntilAsync("a pod drains", status => status.DrainingReplicas == 1);
        var draining = (await world.StatusAsync()).Instances.Single(i => i.State == InstanceState.Draining);
        var node = world.Kubelet.Running[draining.Name];
        await Eventually.TrueAsync(() => node.Drains.Any(d => !d.ReconnectClients), "the node was told to drain");
        Assert.Equal(Sfu.Contracts.DrainMode.Wait, node.Drains[0].Mode);
        Assert.NotNull(draining.DrainingSince);

        await Eventually.TrueAsync(() => node.Drains.Any(d => d.ReconnectClients), "the node was told to send its clients away");
        node.Load = FleetWorld.Participants(0);
        await world.ReadyAsync(1);
        Assert.DoesNotContain(draining.Name, await world.PodNamesAsync());
        await world.ToldAsync("ReconnectAsked");
    }

    [Fact]
    public async Task A_drain_is_called_back_when_load_returns()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec =>
        {
            spec["replicas"] = new JsonObject { ["min"] = 1, ["max"] = 2 };
            spec["drain"] = new JsonObject { ["deadline"] = "10m" };
        });
        await world.ReadyAsync(1);
        world.LoadEverybody(60);
        await world.ReadyAsync(2);
        var pods = await world.PodNamesAsync();
        world.LoadEverybody(3);
        await world.UntilAsync("a pod drains", status => status.DrainingReplicas == 1);
        await Eventually.TrueAsync(() => world.Kubelet.Running.Values.Any(n => n.IsDraining), "a node knows that it drains");

        world.LoadEverybody(60);

        await world.ReadyAsync(2);
        await Eventually.TrueAsync(() => world.Kubelet.Running.Values.All(n => !n.IsDraining), "the node goes on");
        Assert.Equal(pods, await world.PodNamesAsync());
        Assert.All(await world.PodsAsync(), pod => Assert.DoesNotContain("sfu.buildit.network/drain-started", pod.Metadata.Annotations.Keys));
        await world.ToldAsync("DrainCalledBack");
    }

    [Fact]
    public async Task The_scale_subresource_sets_the_number_by_hand_and_its_selector_finds_the_pods()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);

        // What kubectl scale does.
        await world.Client.CustomObjects.PatchNamespacedCustomObjectScaleAsync(
            new V1Patch("""{"spec":{"replicas":3}}""", V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, world.Namespace, SfuCluster.Plural, FleetWorld.Fleet);

        await world.ReadyAsync(3);
        var scale = await world.Api.GetRawAsync($"apis/{SfuApi.GroupVersion}/namespaces/{world.Namespace}/{SfuCluster.Plural}/{FleetWorld.Fleet}/scale", CancellationToken.None);
        var status = scale!.Value.GetProperty("status");
        Assert.Equal(3, status.GetProperty("replicas").GetInt32());
        var found = await world.Client.CoreV1.ListNamespacedPodAsync(world.Namespace, labelSelector: status.GetProperty("selector").GetString());
        Assert.Equal(3, found.Items.Count);
    }

    [Fact]
    public async Task A_fleet_scales_to_zero_and_a_limit_is_shown()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec => spec["replicas"] = new JsonObject { ["min"] = 0, ["max"] = 2 });
        await world.UntilAsync("nothing is wanted", status => status.Conditions.Any(c => c is { Type: "Available", Status: "True", Reason: "ScaledToZero" }));
        Assert.Empty(await world.PodsAsync());

        await world.PatchFleetAsync("""{"spec":{"replicas":{"min":1}}}""");
        await world.ReadyAsync(1);
        world.LoadEverybody(500);
        await world.UntilAsync("the limit is shown", status => status.Conditions.Any(c => c is { Type: "ScalingLimited", Status: "True", Reason: "MaxReached" }));
        world.LoadEverybody(0);
        await world.PatchFleetAsync("""{"spec":{"replicas":{"min":0}}}""");
        await world.UntilAsync("all have gone", status => status is { Instances.Count: 0, DesiredReplicas: 0 });
    }

    [Fact]
    public async Task A_paused_fleet_is_left_alone_and_still_reported()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var before = await world.PodNamesAsync();
        await world.PatchFleetAsync("""{"spec":{"paused":true}}""");
        await world.UntilAsync("it is paused", status => status.Conditions.Any(c => c is { Type: "Paused", Status: "True" }));

        world.LoadEverybody(60);
        await world.UntilAsync("load is still reported", status => status.Load?.Participants == 120);
        await Eventually.StaysTrueAsync(async () => (await world.PodNamesAsync()).SequenceEqual(before), TimeSpan.FromSeconds(1), "no pod is touched");

        await world.PatchFleetAsync("""{"spec":{"paused":false}}""");
        await world.ReadyAsync(4);
    }

    [Fact]
    public async Task A_schedule_in_force_raises_the_minimum()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec =>
        {
            spec["replicas"] = new JsonObject { ["min"] = 1, ["max"] = 4 };
            spec["autoscaling"]!["schedules"] = new JsonArray(new JsonObject { ["cron"] = "* * * * *", ["timezone"] = "Asia/Tokyo", ["min"] = 3 });
        });
        await world.ReadyAsync(3);
        await world.ToldAsync("PodCreated", "schedule");
    }
}
