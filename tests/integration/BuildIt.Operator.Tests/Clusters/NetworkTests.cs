using System.Net;
using System.Text.Json.Nodes;
using BuildIt.Operator.Clusters;
using BuildIt.Operator.Resources.Pods;
using BuildIt.Operator.Tests.Harness;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class NetworkTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task Host_ports_are_taken_from_the_range_and_shown()
    {
        await using var world = await StartAsync(new JsonObject { ["hostPortRange"] = new JsonObject { ["first"] = 31000, ["last"] = 31005 }, ["advertise"] = "HostIP" });
        var ports = (await world.PodsAsync()).Select(pod => HostPorts.Of(pod)!.Value).Order().ToList();
        Assert.Equal([31000, 31001], ports);
        Assert.Equal(["10.1.2.3:31000", "10.1.2.3:31001"], (await world.StatusAsync()).Instances.Select(i => i.Endpoint!).Order(StringComparer.Ordinal));
        Assert.Equal(["fleet-signal"], await ServicesAsync(world));
    }

    [Fact]
    public async Task Host_network_pods_share_the_kubernetes_nodes_addresses()
    {
        await using var world = await StartAsync(new JsonObject { ["mode"] = "HostNetwork", ["advertise"] = "Static", ["staticAddress"] = "198.51.100.4" });
        Assert.All(await world.PodsAsync(), pod => Assert.True(pod.Spec.HostNetwork));
        Assert.All((await world.StatusAsync()).Instances, i => Assert.Equal("198.51.100.4:7882", i.Endpoint));
    }

    [Fact]
    public async Task Each_pod_has_a_node_port_service_whose_port_it_is_told()
    {
        await using var world = await StartAsync(new JsonObject { ["mode"] = "NodePort" });
        foreach (var pod in await world.PodsAsync())
        {
            var service = await world.Client.CoreV1.ReadNamespacedServiceAsync(pod.Metadata.Name, world.Namespace);
            var udp = service.Spec.Ports.Single(p => p.Protocol == "UDP").NodePort!.Value;
            Assert.Equal(pod.Metadata.Uid, service.Metadata.OwnerReferences[0].Uid);
            await world.UntilAsync("the port is shown", status => status.Instances.Single(i => i.Name == pod.Metadata.Name).Endpoint == $"203.0.113.7:{udp}");
            var told = (await world.Client.CoreV1.ReadNamespacedPodAsync(pod.Metadata.Name, world.Namespace)).Metadata.Annotations;
            Assert.Equal($"{udp}", told["sfu.buildit.network/advertise-udp-port"]);
        }

        var gone = (await world.PodNamesAsync())[0];
        await world.Client.CoreV1.DeleteNamespacedPodAsync(gone, world.Namespace, new V1DeleteOptions { GracePeriodSeconds = 0 });
        await Eventually.TrueAsync(async () => !(await ServicesAsync(world)).Contains(gone), "the service goes with its pod", world.DescribeAsync);
    }

    [Fact]
    public async Task A_load_balancers_address_reaches_pod_and_status_when_it_is_given()
    {
        await using var world = await StartAsync(new JsonObject { ["mode"] = "LoadBalancer" });
        var pod = (await world.PodsAsync())[0];
        await world.UntilAsync("the lack is shown", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "AddressUnknown" }));

        await Eventually.TrueAsync(async () => (await ServicesAsync(world)).Contains(pod.Metadata.Name), "it has a service");
        foreach (var name in await world.PodNamesAsync())
        {
            await world.Client.CoreV1.PatchNamespacedServiceStatusAsync(
                new V1Patch("""{"status":{"loadBalancer":{"ingress":[{"ip":"198.51.100.20"}]}}}""", V1Patch.PatchType.MergePatch), name, world.Namespace);
        }

        await world.UntilAsync("the address is shown", status => status.Instances.All(i => i.Endpoint == "198.51.100.20:7882"));
        await world.UntilAsync("all is well", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "False" }));
        Assert.Equal("198.51.100.20", (await world.Client.CoreV1.ReadNamespacedPodAsync(pod.Metadata.Name, world.Namespace)).Metadata.Annotations["sfu.buildit.network/advertise-address"]);
    }

    [Fact]
    public async Task A_load_balancers_name_that_answers_otherwise_each_time_is_resolved_once_and_causes_no_writes()
    {
        var watch = new WriteWatch();
        var asked = 0;
        var hangs = new TaskCompletionSource<IPAddress[]>();
        var names = new HostNameOptions(
            async (host, cancellation) => host.StartsWith("slow", StringComparison.Ordinal)
                ? await hangs.Task.WaitAsync(cancellation)
                : [IPAddress.Parse($"198.51.100.{20 + (Interlocked.Increment(ref asked) % 3)}")],
            TimeSpan.FromMilliseconds(50));
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis);
        await world.StartOperatorAsync(watch, names: names);
        await world.CreateFleetAsync(spec => spec["network"] = new JsonObject { ["mode"] = "LoadBalancer" });
        await world.ReadyAsync(2);
        var pods = await world.PodNamesAsync();
        await Eventually.TrueAsync(async () => pods.All((await ServicesAsync(world)).Contains), "they have services");
        foreach (var (pod, host) in pods.Zip(["rotates.example.com", "slow.example.com"]))
        {
            await world.Client.CoreV1.PatchNamespacedServiceStatusAsync(
                new V1Patch("{\"status\":{\"loadBalancer\":{\"ingress\":[{\"hostname\":\"" + host + "\"}]}}}", V1Patch.PatchType.MergePatch), pod, world.Namespace);
        }

        // The name that nobody resolves keeps nobody waiting.
        await world.UntilAsync("the address is shown", status => status.Instances.Any(i => i.Endpoint?.StartsWith("198.51.100.2", StringComparison.Ordinal) == true));
        await world.UntilAsync("the lack is shown", status => status.Conditions.Any(c => c is { Type: "Degraded", Reason: "AddressUnknown" } && c.Message.Contains("slow.example.com", StringComparison.Ordinal)));
        hangs.SetResult([IPAddress.Parse("198.51.100.30")]);
        await world.UntilAsync("the other address is shown", status => status.Instances.Any(i => i.Endpoint == "198.51.100.30:7882"));
        await world.UntilAsync("all is well", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "False" }) && status.Conditions.Any(c => c is { Type: "Progressing", Status: "False" }));

        var settled = watch.Writes.Count(IsOfAPod);
        var answers = Volatile.Read(ref asked);
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > answers + 30, "it goes on being asked");
        Assert.Equal(settled, watch.Writes.Count(IsOfAPod));

        static bool IsOfAPod(string write) => write.Contains("/pods/", StringComparison.Ordinal);
    }

    private async Task<FleetWorld> StartAsync(JsonObject network)
    {
        var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec => spec["network"] = network);
        await world.ReadyAsync(2);
        return world;
    }

    private static async Task<IReadOnlyList<string>> ServicesAsync(FleetWorld world) =>
        [.. (await world.Client.CoreV1.ListNamespacedServiceAsync(world.Namespace)).Items.Select(s => s.Metadata.Name).Order(StringComparer.Ordinal)];
}
