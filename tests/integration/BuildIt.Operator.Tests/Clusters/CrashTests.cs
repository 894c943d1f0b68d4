using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.Clusters;

/// <summary>The operator may end anywhere. Its successor finishes what was begun, with no pod too many and none lost.</summary>
public sealed class CrashTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task Ended_after_every_single_write_in_turn_a_fleet_is_still_made_rolled_over_and_deleted()
    {
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis, "crash");
        await world.CreateFleetAsync(spec => spec["network"] = new JsonObject { ["mode"] = "NodePort" });

        var making = await CrashUntilAsync(world, () => IsSettledAsync(world));
        Assert.True(making.Count >= 12, $"certificates, services, a budget, pods, their services, their marks, status: {string.Join('\n', making)}");
        Assert.Equal(2, world.Kubelet.Created.Count);

        var busy = world.Kubelet.Running.Values.First();
        busy.Load = FleetWorld.Participants(3);
        var first = await world.PodNamesAsync();
        await world.PatchFleetAsync("""{"spec":{"image":"registry.example.com/sfu-node:next"}}""");
        var rolling = await CrashUntilAsync(world, async () =>
        {
            if (busy.IsDraining)
            {
                busy.Load = FleetWorld.Participants(0);
            }

            return !(await world.PodNamesAsync()).Intersect(first).Any() && await IsSettledAsync(world);
        });
        Assert.True(rolling.Count >= 8, string.Join('\n', rolling));
        Assert.NotEmpty(busy.Drains);
        Assert.Equal(4, world.Kubelet.Created.Count);

        await world.DeleteFleetAsync();
        await CrashUntilAsync(world, async () => await world.ReadFleetAsync() is null);
        Assert.Empty(await world.PodsAsync());
        Assert.Empty(await ServicesAsync(world));
        Assert.Equal(4, world.Kubelet.Created.Count);
    }

    [Fact]
    public async Task The_real_process_killed_with_9_again_and_again_converges()
    {
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis, "kill");
        await world.CreateFleetAsync();
        var program = Path.ChangeExtension(typeof(Operator.Hosting.OperatorSettings).Assembly.Location, null);
        Assert.True(File.Exists(program), program);
        var environment = new Dictionary<string, string?>
        {
            ["BUILDIT_OPERATOR_NAMESPACE"] = world.Namespace,
            ["BUILDIT_OPERATOR_WATCH_NAMESPACE"] = world.Namespace,
            ["BUILDIT_OPERATOR_NODE_IMAGE"] = "registry.example.com/sfu-node:test",
            ["BUILDIT_OPERATOR_HTTP_PORT"] = "0",
            ["BUILDIT_OPERATOR_KUBECONFIG"] = fixture.Cluster.KubeconfigPath,
        };

        // Later and later, so that it is caught in different work.
        for (var round = 0; round < 4; round++)
        {
            await world.ExpireLeaseAsync();
            await using var process = ChildProcess.Start(program, [], environment);
            await process.WaitForOutputAsync("leads", Eventually.Patience);
            await Task.Delay(TimeSpan.FromMilliseconds(40 * round));
            await process.KillAsync();
        }

        await world.ExpireLeaseAsync();
        await using (var last = ChildProcess.Start(program, [], environment))
        {
            await world.ReadyAsync(2);
            Assert.Equal(2, world.Kubelet.Created.Count);

            // In order: the lease is released for the next one.
            await last.StopAsync(TimeSpan.FromSeconds(15));
            Assert.Equal(0, last.ExitCode);
        }

        var lease = await k8s.CoordinationV1OperationsExtensions.ReadNamespacedLeaseAsync(world.Client.CoordinationV1, "buildit-sfu-operator", world.Namespace);
        Assert.True(string.IsNullOrEmpty(lease.Spec.HolderIdentity));
    }

    private static async Task<bool> IsSettledAsync(FleetWorld world) =>
        await world.IsReadyAsync(2)
        && (await ServicesAsync(world)).Where(service => service.Metadata.Labels?.ContainsKey(SfuApi.InstanceLabel) == true)
            .Select(service => service.Metadata.Name).ToHashSet(StringComparer.Ordinal).SetEquals(await world.PodNamesAsync());

    private static async Task<IList<k8s.Models.V1Service>> ServicesAsync(FleetWorld world) =>
        (await k8s.CoreV1OperationsExtensions.ListNamespacedServiceAsync(world.Client.CoreV1, world.Namespace)).Items;

    // Each operator makes one write and ends without hearing the answer.
    private static async Task<IReadOnlyList<string>> CrashUntilAsync(FleetWorld world, Func<Task<bool>> done)
    {
        var writes = new List<string>();
        while (!await done())
        {
            Assert.True(writes.Count < 150, $"it goes on and on:\n{string.Join('\n', writes)}\n{await world.DescribeAsync()}");
            var watch = WriteWatch.EndAfter(1);
            await world.StartOperatorAsync(watch);
            await Task.WhenAny(watch.Ended, UntilAsync(done, watch.Ended));
            watch.EndNow();
            world.KillOperator();
            await world.ExpireLeaseAsync();
            writes.AddRange(watch.Writes);
        }

        return writes;
    }

    private static async Task UntilAsync(Func<Task<bool>> done, Task ended)
    {
        while (!ended.IsCompleted && !await done())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }
}
