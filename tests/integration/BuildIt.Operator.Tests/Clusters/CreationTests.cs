using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class CreationTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_fleet_is_created_with_all_that_belongs_to_it_and_reports_itself()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);

        var status = await world.StatusAsync();
        Assert.Equal(1, status.ObservedGeneration);
        Assert.Equal(2, status.Replicas);
        Assert.Equal(2, status.DesiredReplicas);
        Assert.Equal("app.kubernetes.io/name=sfu-node,sfu.buildit.network/cluster=fleet", status.Selector);
        Assert.Equal(8, status.Revision!.Length);
        Assert.All(status.Instances, instance =>
        {
            Assert.Equal(InstanceState.Ready, instance.State);
            Assert.Equal("203.0.113.7:7882", instance.Endpoint);
            Assert.Equal(status.Revision, instance.Revision);
        });
        Assert.Equal(["Available", "Progressing", "Degraded", "ScalingLimited", "Paused"], status.Conditions.Select(c => c.Type).OrderBy(Order));
        Assert.Equal("True", (await world.ConditionAsync("Available"))!.Status);
        Assert.Equal("False", (await world.ConditionAsync("Degraded"))!.Status);

        var cluster = (await world.ReadFleetAsync())!;
        Assert.All(await world.PodsAsync(), pod =>
        {
            var owner = Assert.Single(pod.Metadata.OwnerReferences);
            Assert.Equal(cluster.Metadata.Uid, owner.Uid);
            Assert.Equal("registry.example.com/sfu-node:test", pod.Spec.Containers[0].Image);
            Assert.Equal("203.0.113.7", pod.Metadata.Annotations["sfu.buildit.network/advertise-address"]);
        });
        var signal = await world.Client.CoreV1.ReadNamespacedServiceAsync("fleet-signal", world.Namespace);
        Assert.Equal(7880, Assert.Single(signal.Spec.Ports).Port);
        await world.ToldAsync("PodCreated");
    }

    [Fact]
    public async Task A_pod_that_is_gone_is_replaced_under_another_name()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var before = await world.PodNamesAsync();

        await world.Client.CoreV1.DeleteNamespacedPodAsync(before[0], world.Namespace, new V1DeleteOptions { GracePeriodSeconds = 0 });
        await Eventually.TrueAsync(async () => !(await world.PodNamesAsync()).Contains(before[0]), "the pod is gone");
        await world.ReadyAsync(2);

        var after = await world.PodNamesAsync();
        Assert.Contains(before[1], after);
        Assert.DoesNotContain(before[0], after);
    }

    [Fact]
    public async Task A_fleet_at_rest_causes_no_writes()
    {
        var watch = new WriteWatch();
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis);
        await world.StartOperatorAsync(watch);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        await Eventually.TrueAsync(async () => await world.ConditionAsync("Progressing") is { Status: "False" }, "it has settled", world.DescribeAsync);

        // The last Events and the status may come a moment after the condition: at rest means that a while passes without a write.
        await Eventually.TrueAsync(async () => await IsQuietAsync(watch, TimeSpan.FromSeconds(2)), "writing has ended", world.DescribeAsync);

        // Longer than it takes for load to be reported.
        var settled = watch.Writes.Count;
        await Eventually.StaysTrueAsync(() => Task.FromResult(watch.Writes.Count <= settled), TimeSpan.FromSeconds(7), "nothing is written");
    }

    private static async Task<bool> IsQuietAsync(WriteWatch watch, TimeSpan during)
    {
        var before = watch.Writes.Count;
        await Task.Delay(during);
        return watch.Writes.Count == before;
    }

    private static int Order(string type) => Array.IndexOf(["Available", "Progressing", "Degraded", "ScalingLimited", "Paused"], type);
}
