using System.Diagnostics;
using System.Globalization;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// A whole machine dies, and what else was on it with the pod. Operators and nodes are processes of their own that are killed, Redis
/// and the Kubernetes API are real. How long each return took is printed and not asserted; make failover-machines prints ten of each.
/// </summary>
[Collection(RealNodeCollection.Name)]
public sealed class MachineFailoverTests(OperatorFixture fixture, ITestOutputHelper output)
{
    private const int Pods = 3;
    private const string Variable = "BUILDIT_MACHINE_DEATHS";

    /// <summary>Nobody waits so long in practice; a busy machine may take several times what a quiet one does.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>What the chart's tolerations give a machine that Kubernetes has given up.</summary>
    private static readonly TimeSpan RedisMoves = TimeSpan.FromSeconds(5);

    private static int Deaths => MeasurementFactAttribute.Times(Variable);

    [MeasurementFact(Variable, "failover-machines")]
    public async Task Rooms_return_when_the_leader_dies_with_the_pod()
    {
        OperatorPair? operators = null;
        await using var world = await RealWorld.CreateAsync(fixture.Cluster, Pods, start: async (fleet, _) => operators = await OperatorPair.StartAsync(fleet));
        await using var both = operators!;
        var times = new List<TimeSpan>();
        for (var death = 0; death < Deaths; death++)
        {
            var (room, owner) = await OpenAsync(world, death);
            world.Fleet.Kubelet.CutOff[owner.Name] = true;
            var since = Stopwatch.GetTimestamp();
            await Task.WhenAll(both.KillLeaderAsync(), owner.KillAsync());
            times.Add(await ReturnAsync(world, room, owner, since, () => both.Log));
            await both.ReplaceLeaderAsync();
            await RecoverAsync(world, room, owner);
        }

        Print("the leader and the pod", times);
    }

    [MeasurementFact(Variable, "failover-machines")]
    public async Task Rooms_return_when_Redis_dies_with_the_pod()
    {
        var times = new List<TimeSpan>();
        for (var death = 0; death < Deaths; death++)
        {
            times.Add(await RedisAndPodAsync(death));
        }

        Print("Redis and the pod", times);
    }

    // A Kubernetes for each death: the node controller of an old one gives the next machine up only minutes after the one before.
    private static async Task<TimeSpan> RedisAndPodAsync(int death)
    {
        await using var cluster = await KubernetesCluster.StartAsync(controllerManager: true);
        await OperatorFixture.InstallKindsAsync(cluster);
        OperatorPair? operators = null;
        NodeReports? reports = null;
        await using var world = await RealWorld.CreateAsync(cluster, Pods, start: async (fleet, _) =>
        {
            fleet.Kubelet.NodePerPod = true;
            reports = new NodeReports(fleet);
            operators = await OperatorPair.StartAsync(fleet);
        });
        await using var both = operators!;
        await using var kubelets = reports!;
        var (room, owner) = await OpenAsync(world, death);
        var machine = (await world.Fleet.PodsAsync()).Single(pod => pod.Metadata.Name == owner.Name).Spec.NodeName;
        world.Fleet.Kubelet.CutOff[owner.Name] = true;
        kubelets.Silence(machine);
        var since = Stopwatch.GetTimestamp();
        await Task.WhenAll(world.Redis.StopAsync(), owner.KillAsync());
        var redis = RestartRedisAsync(world, machine);
        var time = await ReturnAsync(world, room, owner, since, () => both.Log);
        await redis;
        await RecoverAsync(world, room, owner);
        return time;
    }

    private static async Task<(string Room, NodeProcess Owner)> OpenAsync(RealWorld world, int death)
    {
        var room = $"room-{death}";
        return (room, world.OwnerOf(await world.OpenAsync(room)));
    }

    /// <summary>The Deployment's pod is made anew on another machine when the taint has stood for as long as it is tolerated.</summary>
    private static async Task RestartRedisAsync(RealWorld world, string machine)
    {
        await UntilAsync(
            async () => (await k8s.CoreV1OperationsExtensions.ReadNodeAsync(world.Fleet.Client.CoreV1, machine)).Spec.Taints?.Any(taint => taint is { Key: "node.kubernetes.io/unreachable", Effect: "NoExecute" }) == true,
            "Kubernetes gives the machine up", () => string.Empty);
        await Task.Delay(RedisMoves);
        await world.Redis.StartAsync();
    }

    private static async Task<TimeSpan> ReturnAsync(RealWorld world, string room, NodeProcess dead, long since, Func<string> log)
    {
        await UntilAsync(
            async () =>
            {
                foreach (var node in world.Others(dead))
                {
                    if (await RoomJoins.TryAsync(node, room, "back") is { } served && served.Node != dead.Name)
                    {
                        return true;
                    }
                }

                return false;
            },
            $"{room} can be joined again", log);
        return Stopwatch.GetElapsedTime(since);
    }

    /// <summary>Everything is as before for the next death.</summary>
    private static async Task RecoverAsync(RealWorld world, string room, NodeProcess dead)
    {
        world.Fleet.Kubelet.CutOff.TryRemove(dead.Name, out _);
        await UntilAsync(
            async () => await world.Fleet.StatusAsync() is { ReadyReplicas: Pods, Instances.Count: Pods } && (await world.Fleet.PodNamesAsync()).All(pod => pod != dead.Name),
            "the dead pod is replaced", () => string.Empty);
        await world.Rooms.DeleteAsync(room);
    }

    private static Task UntilAsync(Func<Task<bool>> condition, string what, Func<string> log) =>
        Eventually.TrueAsync(condition, what, () => Task.FromResult(log()), Patience);

    private void Print(string what, List<TimeSpan> times)
    {
        var seconds = times.Select(time => time.TotalSeconds).Order().ToList();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{what}: {seconds.Count} deaths, s until newcomers get in: {string.Join(' ', times.Select(time => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)))}; median {seconds[seconds.Count / 2]:0.0}, longest {seconds[^1]:0.0}"));
    }
}
