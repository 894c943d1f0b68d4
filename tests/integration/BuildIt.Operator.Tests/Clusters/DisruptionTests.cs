using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class DisruptionTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_cordoned_kubernetes_node_is_emptied_and_its_pods_come_back_elsewhere()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var before = await world.PodNamesAsync();
        var cordoned = world.Kubelet.KubernetesNode;
        world.Kubelet.KubernetesNode = cordoned + "-b";
        await world.Kubelet.CreateNodeAsync(world.Kubelet.KubernetesNode);

        await world.Client.CoreV1.PatchNodeAsync(new V1Patch("""{"spec":{"unschedulable":true}}""", V1Patch.PatchType.MergePatch), cordoned);

        await Eventually.TrueAsync(async () => !(await world.PodNamesAsync()).Intersect(before).Any(), "its pods have gone", world.DescribeAsync);
        await world.ReadyAsync(2);
        await world.ToldAsync("DrainStarted", "cordoned");
    }

    [Fact]
    public async Task A_person_can_have_a_pod_drained()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var chosen = (await world.PodNamesAsync())[0];

        await world.Client.CoreV1.PatchNamespacedPodAsync(
            new V1Patch("""{"metadata":{"annotations":{"sfu.buildit.network/drain":"true"}}}""", V1Patch.PatchType.MergePatch), chosen, world.Namespace);

        await Eventually.TrueAsync(async () => !(await world.PodNamesAsync()).Contains(chosen), "it has gone", world.DescribeAsync);
        await world.ReadyAsync(2);
    }

    [Fact]
    public async Task The_disruption_budget_selects_exactly_the_busy_pods()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var busy = world.Kubelet.Running.Values.First();
        busy.Load = FleetWorld.Participants(4);

        await Eventually.TrueAsync(async () => (await SelectedAsync(world)).SequenceEqual([busy.Name]), "the busy pod is protected", world.DescribeAsync);
        busy.Load = FleetWorld.Participants(0);
        await Eventually.TrueAsync(async () => (await SelectedAsync(world)).Count == 0, "nobody is protected", world.DescribeAsync);
    }

    [Fact]
    public async Task A_changed_spec_reaches_the_fleet_by_surge_after_the_canary_has_proved_itself()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec =>
        {
            spec["replicas"] = new JsonObject { ["min"] = 3, ["max"] = 3 };
            spec["drain"] = new JsonObject { ["deadline"] = "20s", ["maxConcurrent"] = 3 };
            spec["rollout"] = new JsonObject { ["maxSurge"] = 1, ["canary"] = new JsonObject { ["pods"] = 1, ["pause"] = "3s" } };
        });
        await world.ReadyAsync(3);
        var old = await world.PodNamesAsync();
        var oldRevision = (await world.StatusAsync()).Revision;

        await world.PatchFleetAsync("""{"spec":{"image":"registry.example.com/sfu-node:next"}}""");

        await world.UntilAsync("the canary is ready", status => status.Instances.Any(i => i.Revision != oldRevision && i.State == InstanceState.Ready));
        Assert.Equal("RollingOut", (await world.ConditionAsync("Progressing"))!.Reason);
        Assert.Single(await world.PodsAsync(), pod => pod.Spec.Containers[0].Image.EndsWith(":next", StringComparison.Ordinal));
        var most = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                var pods = await world.PodsAsync();
                most = Math.Max(most, pods.Count(pod => pod.Metadata.DeletionTimestamp is null && pod.Metadata.Annotations?.ContainsKey("sfu.buildit.network/drain-started") != true));
                return !pods.Any(pod => old.Contains(pod.Metadata.Name));
            },
            "the old pods have gone",
            world.DescribeAsync);
        await world.ReadyAsync(3);
        Assert.True(most <= 4, $"at most one beyond three takes rooms: {most}");
    }

    [Fact]
    public async Task A_deleted_fleet_is_drained_and_leaves_nothing_behind()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec => spec["network"] = new JsonObject { ["mode"] = "NodePort" });
        await world.ReadyAsync(2);
        var busy = world.Kubelet.Running.Values.First();
        busy.Load = FleetWorld.Participants(2);
        await world.UntilAsync("the load is seen", status => status.Load?.Participants == 2);

        await world.DeleteFleetAsync();

        await Eventually.TrueAsync(() => busy.IsDraining, "the busy pod is told to drain");
        Assert.Contains(busy.Name, await world.PodNamesAsync());
        busy.Load = FleetWorld.Participants(0);
        await Eventually.TrueAsync(async () => await world.ReadFleetAsync() is null, "the fleet has gone", world.DescribeAsync);
        Assert.Empty(await world.PodsAsync());
        Assert.Empty((await world.Client.CoreV1.ListNamespacedServiceAsync(world.Namespace)).Items);
        Assert.Empty(await BudgetsAsync(world));
        Assert.Equal(["keys"], (await world.Client.CoreV1.ListNamespacedSecretAsync(world.Namespace)).Items.Select(s => s.Metadata.Name).Where(n => !n.StartsWith("default-token", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_pod_that_belongs_to_nobody_is_adopted()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var orphan = (await world.PodNamesAsync())[0];

        await world.Client.CoreV1.PatchNamespacedPodAsync(
            new V1Patch("""{"metadata":{"ownerReferences":null}}""", V1Patch.PatchType.MergePatch), orphan, world.Namespace);

        var uid = (await world.ReadFleetAsync())!.Metadata.Uid;
        await Eventually.TrueAsync(
            async () => (await world.Client.CoreV1.ReadNamespacedPodAsync(orphan, world.Namespace)).Metadata.OwnerReferences is [{ } owner] && owner.Uid == uid,
            "it has an owner again",
            world.DescribeAsync);
        Assert.Equal(2, (await world.PodsAsync()).Count);
    }

    private static async Task<IReadOnlyList<string>> SelectedAsync(FleetWorld world)
    {
        var selector = (await BudgetsAsync(world)).Single().GetProperty("spec").GetProperty("selector").GetProperty("matchLabels");
        var labels = string.Join(',', selector.EnumerateObject().Select(label => $"{label.Name}={label.Value.GetString()}"));
        return [.. (await world.Client.CoreV1.ListNamespacedPodAsync(world.Namespace, labelSelector: labels)).Items.Select(pod => pod.Metadata.Name)];
    }

    // By the version that the server has.
    private static async Task<IReadOnlyList<System.Text.Json.JsonElement>> BudgetsAsync(FleetWorld world)
    {
        var list = await world.Api.GetRawAsync($"apis/policy/v1/namespaces/{world.Namespace}/poddisruptionbudgets", CancellationToken.None)
            ?? await world.Api.GetRawAsync($"apis/policy/v1beta1/namespaces/{world.Namespace}/poddisruptionbudgets", CancellationToken.None);
        return [.. list!.Value.GetProperty("items").EnumerateArray()];
    }
}
