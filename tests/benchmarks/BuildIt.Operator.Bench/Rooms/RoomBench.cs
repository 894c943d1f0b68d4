using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Hosting;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.Rooms;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>
/// From the creation of a room to Ready, with a real API server, etcd and Redis and the operator's own executable. First what the
/// API server alone takes for it, because all of them share the same cores.
/// </summary>
internal static class RoomBench
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task RunAsync(RoomBenchOptions options)
    {
        await using var cluster = await KubernetesCluster.StartAsync();
        await using var redis = await RedisServer.StartNewAsync();
        await OperatorFixture.InstallKindsAsync(cluster);
        var servers = Servers(cluster);
        servers["clients and nodes"] = Environment.ProcessId;
        Console.WriteLine(
            $"{options.Rooms} rooms, {(options.Rate > 0 ? $"{options.Rate} a second" : $"{options.Creators} creations at once")}, "
            + $"{options.Nodes} simulated nodes, {Environment.ProcessorCount} cores for everything");

        var floor = await FloorAsync(cluster, servers, options);
        var whole = await WholeAsync(cluster, redis, servers, options);
        Console.WriteLine(BurstReport.Ratio(floor, whole));
    }

    private static async Task<BurstReport> FloorAsync(KubernetesCluster cluster, Dictionary<string, int> servers, RoomBenchOptions options)
    {
        var ns = await cluster.CreateNamespaceAsync("floor");
        await using var placer = new FloorPlacer(OperatorFixture.Client(cluster));

        // What is compiled and cached at the first use is not to be measured.
        await BurstAsync(cluster, ns, placer, servers, options with { Rate = 0 }, "warm");
        return await BurstAsync(cluster, ns, placer, servers, options, "the API server alone");
    }

    private static async Task<BurstReport> WholeAsync(KubernetesCluster cluster, RedisServer redis, Dictionary<string, int> servers, RoomBenchOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("buildit-bench-");
        ChildProcess? process = null;
        try
        {
            var port = FreePort.NextTcp();
            await using var world = await RoomWorld.CreateAsync(cluster, redis, options.Nodes, spec => Large(spec, options), async fleet =>
            {
                if (options.Webhook)
                {
                    // First: the operator looks for it when it starts, and then only now and then.
                    await WebhookRegistration.CreateAsync(fleet, port);
                }

                process = ChildProcess.Start(options.Operator ?? Program, [], Environ(fleet, fleet.WriteKubeconfig(folder.FullName), port, options));
                await process.WaitForOutputAsync("leads", Patience);
                if (options.Webhook)
                {
                    await Eventually.TrueAsync(() => RefusesAsync(fleet), "the webhook answers");
                }
            });
            // What stands in for the rest of a cluster is to cost next to nothing.
            world.Fleet.Kubelet.Interval = TimeSpan.FromSeconds(5);
            foreach (var node in world.Fleet.Kubelet.Running.Values)
            {
                node.BeatInterval = Sfu.Contracts.Heartbeat.Interval;
            }

            var programs = new Dictionary<string, int>(servers) { ["operator"] = process!.Id };
            await BurstAsync(cluster, world.Fleet.Namespace, null, programs, options with { Rate = 0 }, "with the operator, just started");
            return await BurstAsync(cluster, world.Fleet.Namespace, null, programs, options, "with the operator, warm");
        }
        finally
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }

            folder.Delete(recursive: true);
        }
    }

    private static async Task<BurstReport> BurstAsync(
        KubernetesCluster cluster, string ns, FloorPlacer? placer, Dictionary<string, int> programs, RoomBenchOptions options, string name)
    {
        await using var watch = new ReadyWatch(OperatorFixture.Client(cluster), ns, options.Rooms, $"{name.Split(' ')[^1]}-") { Appeared = room => placer?.Place(room) };
        await watch.StartAsync();
        var creator = new RoomCreator(OperatorFixture.Client(cluster), ns, options, $"{name.Split(' ')[^1]}-");
        var writes = await WriteCount.StartAsync(cluster);
        var times = new ProcessorTime(programs);
        var start = Stopwatch.GetTimestamp();
        var creating = await creator.RunAsync();
        await watch.AllReadyAsync(Patience);
        var whole = Stopwatch.GetElapsedTime(start);
        var report = new BurstReport(name, options.Rooms, creating, whole, creator.Created, watch.Ready);
        if (name.EndsWith("started", StringComparison.Ordinal))
        {
            Console.WriteLine(report);
        }
        else if (name != "warm")
        {
            Console.WriteLine(report);
            Console.WriteLine($"  processor time for each room until then: {times.PerItem(options.Rooms)}");
            Console.WriteLine($"  writes for each room until then: {await writes.PerItemAsync(options.Rooms)}");
        }

        // What is still to be written about these rooms does not belong to the next measurement.
        await Task.Delay(TimeSpan.FromSeconds(6));
        if (placer is null)
        {
            Console.WriteLine($"  writes for each room, all in all: {await writes.PerItemAsync(options.Rooms)}");
        }

        return report;
    }

    // A room that expects more than it takes; while the webhook does not answer yet, the server itself fails.
    private static async Task<bool> RefusesAsync(FleetWorld fleet)
    {
        try
        {
            await fleet.Client.CustomObjects.CreateNamespacedCustomObjectAsync(
                new ConferenceRoom { Metadata = new() { Name = "odd" }, Spec = new() { ExpectedParticipants = 9, MaxParticipants = 3 } },
                SfuApi.Group, SfuApi.Version, fleet.Namespace, ConferenceRoom.Plural, dryRun: "All");
            return false;
        }
        catch (HttpOperationException refused)
        {
            return refused.Response.StatusCode is HttpStatusCode.UnprocessableEntity;
        }
    }

    private static string Program => Path.ChangeExtension(typeof(OperatorSettings).Assembly.Location, null);

    private static void Large(JsonObject spec, RoomBenchOptions options) => spec["capacity"] = new JsonObject
    {
        ["maxRooms"] = (options.Rooms * 3 / options.Nodes) + 10,
        ["maxPublishers"] = 10_000,
        ["maxSubscribers"] = 10_000,
    };

    private static Dictionary<string, string?> Environ(FleetWorld fleet, string kubeconfig, int port, RoomBenchOptions options)
    {
        var variables = new Dictionary<string, string?>
        {
            ["NAMESPACE"] = fleet.Namespace,
            ["WATCH_NAMESPACE"] = fleet.Namespace,
            ["NODE_IMAGE"] = "registry.example.com/sfu-node:bench",
            ["HTTP_PORT"] = "0",
            ["KUBECONFIG"] = kubeconfig,
        };
        if (options.Webhook)
        {
            variables["WEBHOOK_SERVICE"] = "webhook";
            variables["WEBHOOK_NAMES"] = "127.0.0.1";
            variables["WEBHOOK_PORT"] = $"{port}";
            variables["WEBHOOK_CONFIGURATION"] = fleet.Namespace;
        }

        return variables.ToDictionary(pair => OperatorSettings.Prefix + pair.Key, pair => pair.Value);
    }

    // The scripts that start them leave each program's id in a file.
    private static Dictionary<string, int> Servers(KubernetesCluster cluster) => new[] { "kube-apiserver", "etcd" }
        .Select(name => (name, File: Path.Combine(Path.GetDirectoryName(cluster.KubeconfigPath)!, "run", $"{name}.pid")))
        .Where(pair => File.Exists(pair.File))
        .ToDictionary(pair => pair.name, pair => int.Parse(File.ReadAllText(pair.File).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
}
