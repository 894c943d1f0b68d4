using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using k8s;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Cluster;

/// <summary>Shows that nodes are real ones: images without a registry, Services, loss of a node.</summary>
[Collection(FleetCollection.Name)]
public sealed class KubernetesMachineTests(Installations installations)
{
    private const string Space = "nodes";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [RootFact]
    public async Task PodsRunOnTheirNodesAndALostNodeIsNoticed()
    {
        var machine = await installations.MachineAsync();
        await machine.StartNodeAsync(1);
        try
        {
            await machine.AddImagesAsync(await ImageArchive.OfProgramAsync("test/redis", "redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--save", ""));
            await ShowAsync(machine);
        }
        finally
        {
            await machine.StopNodeAsync(1);
            await machine.RunToolAsync("kubectl", "delete", "pods,services", "--all", "--namespace", Space, "--force", "--grace-period", "0");
            await machine.RunToolAsync("kubectl", "delete", "namespace", Space, "--ignore-not-found");
            await machine.RunToolAsync("kubectl", "delete", "node", "node-1", "--ignore-not-found");
        }
    }

    private static async Task ShowAsync(KubernetesMachine machine)
    {
        await machine.RunToolAsync("kubectl", "create", "namespace", Space);
        await CreateAsync(machine, "bridged", "node-0", hostNetwork: false);
        await CreateAsync(machine, "host", "node-1", hostNetwork: true);
        await machine.Client.CoreV1.CreateNamespacedServiceAsync(
            new V1Service
            {
                Metadata = new V1ObjectMeta { Name = "bridged" },
                Spec = new V1ServiceSpec { Selector = new Dictionary<string, string> { ["app"] = "bridged" }, Ports = [new V1ServicePort { Port = 6379 }] },
            },
            Space);
        await UntilAsync(async () => (await ReadAsync(machine, "bridged")).Status.Phase == "Running" && (await ReadAsync(machine, "host")).Status.Phase == "Running");

        var service = await machine.Client.CoreV1.ReadNamespacedServiceAsync("bridged", Space);
        await UntilAsync(() => AnswersAsync(service.Spec.ClusterIP));
        await UntilAsync(async () => await AnswersAsync((await ReadAsync(machine, "host")).Status.HostIP));

        await machine.StopNodeAsync(1);
        Assert.False(await AnswersAsync((await ReadAsync(machine, "host")).Status.HostIP));
        Assert.True(await AnswersAsync(service.Spec.ClusterIP));
        await UntilAsync(async () => (await machine.Client.CoreV1.ReadNodeAsync("node-1")).Status.Conditions
            .Single(condition => condition.Type == "Ready").Status == "Unknown");
    }

    private static Task CreateAsync(KubernetesMachine machine, string name, string node, bool hostNetwork) =>
        machine.Client.CoreV1.CreateNamespacedPodAsync(
            new V1Pod
            {
                Metadata = new V1ObjectMeta { Name = name, Labels = new Dictionary<string, string> { ["app"] = name } },
                Spec = new V1PodSpec
                {
                    NodeName = node,
                    HostNetwork = hostNetwork,
                    AutomountServiceAccountToken = false,
                    Containers =
                    [
                        new V1Container
                        {
                            Name = "redis",
                            Image = "test/redis:local",
                            SecurityContext = new V1SecurityContext { RunAsNonRoot = true, ReadOnlyRootFilesystem = true, AllowPrivilegeEscalation = false },
                        },
                    ],
                },
            },
            Space);

    private static Task<V1Pod> ReadAsync(KubernetesMachine machine, string name) => machine.Client.CoreV1.ReadNamespacedPodAsync(name, Space);

    private static async Task<bool> AnswersAsync(string address)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var client = new System.Net.Sockets.TcpClient();
            await client.ConnectAsync(address, 6379, limit.Token);
            await client.GetStream().WriteAsync("PING\r\n"u8.ToArray(), limit.Token);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadLineAsync(limit.Token) == "+PONG";
        }
        catch (Exception exception) when (exception is System.Net.Sockets.SocketException or OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), limit.Token);
        }
    }
}
