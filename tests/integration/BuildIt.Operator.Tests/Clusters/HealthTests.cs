using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class HealthTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_pod_is_replaced_when_heartbeat_and_probe_both_miss_it()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec => spec["replicas"] = new System.Text.Json.Nodes.JsonObject { ["min"] = 3, ["max"] = 4 });
        await world.ReadyAsync(3);
        var before = await world.PodNamesAsync();
        var dead = world.Kubelet.Running[before[0]];

        // The kubelet does not notice: Kubernetes still calls the pod ready.
        await dead.DieAsync();

        await Eventually.TrueAsync(async () => !(await world.PodNamesAsync()).Contains(dead.Name), "the dead pod is gone", world.DescribeAsync);
        await world.ReadyAsync(3);
        Assert.Subset((await world.PodNamesAsync()).ToHashSet(), before.Skip(1).ToHashSet());
        await world.ToldAsync("PodReplaced", dead.Name);
    }

    [Theory]
    [InlineData("heartbeat")]
    [InlineData("Slow")]
    [InlineData("Garbage")]
    [InlineData("Impostor")]
    public async Task One_witness_alone_makes_a_pod_suspect_and_nothing_more(string witness)
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var before = await world.PodNamesAsync();
        var odd = world.Kubelet.Running[before[1]];
        if (witness == "heartbeat")
        {
            odd.Beats = false;
        }
        else
        {
            odd.Manners = Enum.Parse<Manners>(witness);
        }

        await world.UntilAsync("the pod is suspect", status => status.Instances.Any(i => i.Name == odd.Name && i.State == InstanceState.Suspect));
        Assert.Equal("PodsSuspect", (await world.ConditionAsync("Degraded"))!.Reason);

        odd.Beats = true;
        odd.Manners = Manners.Polite;
        await world.ReadyAsync(2);
        Assert.Equal(before, await world.PodNamesAsync());
    }

    [Fact]
    public async Task When_every_pod_falls_silent_nothing_is_changed_and_a_condition_says_so()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec => spec["replicas"] = new System.Text.Json.Nodes.JsonObject { ["min"] = 3, ["max"] = 6 });
        await world.ReadyAsync(3);
        var before = await world.PodNamesAsync();
        foreach (var node in world.Kubelet.Running.Values)
        {
            node.Beats = false;
            node.Manners = Manners.Slow;
        }

        await world.UntilAsync("the silence is noticed", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "FleetSilent" }));
        await world.PatchFleetAsync("""{"spec":{"replicas":{"min":5}}}""");
        await Eventually.StaysTrueAsync(async () => (await world.PodNamesAsync()).SequenceEqual(before), TimeSpan.FromSeconds(2), "no pod is touched");

        foreach (var node in world.Kubelet.Running.Values)
        {
            node.Beats = true;
            node.Manners = Manners.Polite;
        }

        await world.ReadyAsync(5);
        Assert.Subset((await world.PodNamesAsync()).ToHashSet(), before.ToHashSet());
    }

    [Fact]
    public async Task A_pod_whose_kubernetes_node_is_gone_is_replaced()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var before = await world.PodNamesAsync();
        var lost = world.Kubelet.KubernetesNode;
        world.Kubelet.KubernetesNode = lost + "-b";
        await world.Kubelet.CreateNodeAsync(world.Kubelet.KubernetesNode);

        await k8s.CoreV1OperationsExtensions.DeleteNodeAsync(world.Client.CoreV1, lost);

        await Eventually.TrueAsync(async () => !(await world.PodNamesAsync()).Intersect(before).Any(), "the pods of the lost node are gone", world.DescribeAsync);
        await world.ReadyAsync(2);
    }
}
