using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.Rooms;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using k8s.Models;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// A fleet of real nodes, and of simulated ones beside them, with a Redis of its own. Every way that can be cut leads through a
/// relay: operator to Redis, node to Redis, operator to node.
/// </summary>
internal sealed class RealWorld : IAsyncDisposable
{
    private readonly TcpRelay _operatorToRegistry;

    private RealWorld(RoomWorld rooms, RedisServer redis, TcpRelay operatorToRegistry)
    {
        Rooms = rooms;
        Redis = redis;
        _operatorToRegistry = operatorToRegistry;
    }

    public RoomWorld Rooms { get; }

    public FleetWorld Fleet => Rooms.Fleet;

    public RedisServer Redis { get; }

    /// <summary>Carries the participants of calls.</summary>
    public HeadlessNetwork Network { get; } = new();

    /// <summary>The real nodes that run, by name.</summary>
    public IReadOnlyList<NodeProcess> Nodes => [.. Fleet.Kubelet.Processes.Values.OfType<NodeProcess>().OrderBy(node => node.Name, StringComparer.Ordinal)];

    public static Task<RealWorld> CreateAsync(
        OperatorFixture fixture, int real, int simulated = 0, Action<JsonObject>? change = null, Func<FleetWorld, RedisServer, Task>? start = null) =>
        CreateAsync(fixture.Cluster, real, simulated, change, start);

    /// <param name="cluster">The API server.</param>
    /// <param name="real">Real nodes.</param>
    /// <param name="simulated">Simulated nodes beside them.</param>
    /// <param name="change">Changes the fleet's spec.</param>
    /// <param name="start">Starts the operator; in this process when left out.</param>
    public static async Task<RealWorld> CreateAsync(
        KubernetesCluster cluster, int real, int simulated = 0, Action<JsonObject>? change = null, Func<FleetWorld, RedisServer, Task>? start = null)
    {
        var redis = await RedisServer.StartNewAsync();
        var relay = new TcpRelay(new System.Net.IPEndPoint(System.Net.IPAddress.Parse(redis.Host), redis.Port));
        var started = 0;
        var rooms = await RoomWorld.CreateAsync(
            cluster,
            redis,
            real + simulated,
            spec =>
            {
                spec["redis"] = new JsonObject { ["addresses"] = new JsonArray($"127.0.0.1:{relay.Port}") };
                spec["replicas"] = new JsonObject { ["min"] = real + simulated, ["max"] = real + simulated + 1 };
                change?.Invoke(spec);
            },
            async fleet =>
            {
                // Those that are simulated come first; whatever replaces a lost pod is real.
                fleet.Kubelet.Start = async (pod, certificates) =>
                    Interlocked.Increment(ref started) > simulated ? await NodeProcess.StartAsync(pod, certificates, redis) : null;
                await (start is null ? fleet.StartOperatorAsync() : start(fleet, redis));
            });
        return new RealWorld(rooms, redis, relay);
    }

    /// <summary>Creates a room and waits until a real node has it, which can be told by somebody getting in.</summary>
    public async Task<ConferenceRoomStatus> OpenAsync(string room, string spec = """{"expectedParticipants":2}""")
    {
        await Rooms.CreateAsync(room, spec);
        var status = await Rooms.ReadyAsync(room);
        await Eventually.TrueAsync(async () => await RoomJoins.TryAsync(OwnerOf(status), room, "first") is not null, $"{room} can be joined", Fleet.DescribeAsync);
        return status;
    }

    public NodeProcess OwnerOf(ConferenceRoomStatus status) => Nodes.Single(node => node.Name == status.Assignments[0].Instance);

    public IReadOnlyList<NodeProcess> Others(NodeProcess owner) => [.. Nodes.Where(node => node != owner)];

    /// <summary>The operator sees neither Redis nor any node; all others see each other.</summary>
    public void BlindOperator()
    {
        _operatorToRegistry.Silence();
        foreach (var node in Nodes)
        {
            node.FromOperator.Silence();
        }
    }

    /// <summary>Ends <see cref="BlindOperator"/>.</summary>
    public void OpenEyes()
    {
        _operatorToRegistry.Mend();
        foreach (var node in Nodes)
        {
            node.FromOperator.Mend();
        }
    }

    /// <summary>Names and uids of the pods: the same as long as nobody has touched the fleet.</summary>
    public async Task<IReadOnlyList<string>> PodsAsync() =>
        [.. (await Fleet.PodsAsync()).Select(pod => $"{pod.Name()} {pod.Uid()} {pod.Metadata.DeletionTimestamp}")];

    public async Task<string> DescribeAsync() =>
        $"{await Fleet.DescribeAsync()}\n{string.Join('\n', Nodes.Select(node => $"{node.Name}:\n{string.Join('\n', node.Log.Split('\n').TakeLast(25))}"))}";

    public async ValueTask DisposeAsync()
    {
        Network.Dispose();
        await Rooms.DisposeAsync();
        await _operatorToRegistry.DisposeAsync();
        await Redis.DisposeAsync();
    }
}
