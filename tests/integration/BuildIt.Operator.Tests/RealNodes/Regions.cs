using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Signalling;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Network;
using k8s;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>
/// A fleet of real nodes in each of several regions, each with a Redis of its own, each two joined by a RegionLink; and one room with a
/// seat in every region. People arrive at the fleet of their region, at any of its pods, as through a Service.
/// </summary>
internal sealed class Regions : IAsyncDisposable
{
    public const string Room = "room";

    /// <summary>Price of a gigabyte over a link.</summary>
    public const double LinkCost = 30;

    /// <summary>The path of another version of the node, which the last region then has.</summary>
    private const string OtherNodeVariable = "BUILDIT_OTHER_NODE";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // The rooms of a fleet take nothing that is not encrypted.
    private static readonly FrameKey SharedKey = FrameKey.FromSecret("the key of a test's participants"u8);

    private readonly Dictionary<string, RedisServer> _registries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RoundRobin> _doors = new(StringComparer.Ordinal);
    private readonly HeadlessNetwork _network = new();
    private readonly List<ReturningParticipant> _people = [];

    private Regions(FleetWorld fleet, IReadOnlyList<string> names) => (Fleet, Names) = (fleet, names);

    public FleetWorld Fleet { get; }

    public IReadOnlyList<string> Names { get; }

    /// <summary>Everybody in the room; an identity begins with the region where they arrived.</summary>
    public IReadOnlyList<ReturningParticipant> People => _people;

    /// <summary>The same, seen by what reaches them.</summary>
    public IReadOnlyList<IAttendee> Attendees => [.. _people.Select(person => new HeadlessAttendee(person))];

    /// <summary>The nodes that run.</summary>
    public IEnumerable<NodeProcess> Nodes => Fleet.Kubelet.Processes.Values.OfType<NodeProcess>().Where(node => node.ExitCode is null);

    /// <param name="fixture">The API server.</param>
    /// <param name="pods">Pods of each fleet.</param>
    /// <param name="each">People in each region.</param>
    /// <param name="names">The regions; the fleets have their names.</param>
    public static Task<Regions> MeetAsync(OperatorFixture fixture, int pods, int each, params string[] names) => MeetAsync(fixture, pods, each, static () => { }, names);

    /// <param name="fixture">The API server.</param>
    /// <param name="pods">Pods of each fleet.</param>
    /// <param name="each">People in each region.</param>
    /// <param name="linked">Called when all links are healthy, and there is no room yet.</param>
    /// <param name="names">The regions; the fleets have their names.</param>
    public static async Task<Regions> MeetAsync(OperatorFixture fixture, int pods, int each, Action linked, params string[] names)
    {
        var regions = new Regions(await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis, "regions"), names);
        try
        {
            await regions.StartAsync(pods, linked);
            await regions.JoinAsync(each);
            return regions;
        }
        catch
        {
            await regions.DisposeAsync();
            throw;
        }
    }

    public async Task<ConferenceRoomStatus> StatusAsync() =>
        (await Fleet.Api.GetAsync<ConferenceRoom>(Fleet.Namespace, Room, CancellationToken.None))?.Status ?? new ConferenceRoomStatus();

    /// <summary>The node of the room's origin.</summary>
    public async Task<NodeProcess> OriginAsync() => NodeOf((await StatusAsync()).Assignments[0]);

    /// <summary>The node of a seat.</summary>
    public NodeProcess NodeOf(RoomAssignment seat) => Nodes.Single(node => node.Name == seat.Instance);

    /// <summary>The first seat that another feeds, with its parent's node.</summary>
    public async Task<(NodeProcess Edge, NodeProcess Parent)> EdgeAsync()
    {
        var seats = (await StatusAsync()).Assignments;
        var edge = seats.First(seat => seat.Parent is not null && !seats.Any(other => other.Parent == seat.Instance));
        return (NodeOf(edge), NodeOf(seats.Single(seat => seat.Instance == edge.Parent)));
    }

    /// <summary>Everybody goes, and the room ends: its last status.</summary>
    public async Task<ConferenceRoomStatus> EndAsync()
    {
        foreach (var person in _people)
        {
            await person.DisposeAsync();
        }

        _people.Clear();
        await UntilAsync(async () => await StatusAsync() is { Phase: RoomPhase.Ended, Usage.Final: true }, "the room ends");
        return await StatusAsync();
    }

    /// <summary>Forgets all that a region's registry holds.</summary>
    public Task WipeRegistryAsync(string region) => _registries[region].FlushAllAsync();

    /// <summary>Says that what killed pods was not the room: one under which many die gets no more of them.</summary>
    public Task ReleaseAsync() => Fleet.PatchRoomAsync(
        Room, new JsonObject { ["metadata"] = new JsonObject { ["annotations"] = new JsonObject { [SfuApi.ReleasedAt] = DateTime.UtcNow.ToString("O", CultureInfo.InvariantCulture) } } });

    /// <summary>Waits until the room is served by one living pod in each region. A link counts as healthy only a while after it is.</summary>
    public Task SettledAsync() => UntilAsync(
        async () => await StatusAsync() is { Phase: RoomPhase.Ready } status
            && status.Assignments.Select(seat => seat.Region).Order(StringComparer.Ordinal).SequenceEqual(Names.Order(StringComparer.Ordinal))
            && status.Assignments.All(seat => Nodes.Any(node => node.Name == seat.Instance)),
        $"the room has a seat in each of {string.Join(", ", Names)}");

    /// <summary>Waits until each node that serves the room tells the same of who is in it, and what they publish.</summary>
    public Task AgreeAsync() => UntilAsync(
        async () =>
        {
            var lists = new HashSet<string>(StringComparer.Ordinal);
            foreach (var seat in (await StatusAsync()).Assignments)
            {
                lists.Add(await MembersAsync(NodeOf(seat)));
            }

            return lists.Count == 1 && _people.TrueForAll(person => lists.Single().Contains($"{person.Identity}:", StringComparison.Ordinal));
        },
        "all nodes have the same members");

    public async Task<string> DescribeAsync()
    {
        var status = JsonSerializer.Serialize(await StatusAsync(), ApiJson.Options);
        status = (await LinksAsync()).Aggregate(status, (text, link) => $"{text}\n{JsonSerializer.Serialize(link.Status, ApiJson.Options)}");

        var nodes = string.Join('\n', Nodes.Select(node => $"{node.Name} at {node.Ip}:\n{string.Join('\n', node.Log.Split('\n').TakeLast(30))}"));
        var people = string.Join('\n', _people.Select(person => $"{person.Identity}: {person.TimesReturned} returns, the last because of {person.LastEnd ?? "nothing"}; {person.Fault}"));
        return $"{_network.Fault}\n{status}\n{people}\n{nodes}\n{string.Join('\n', Fleet.Logs.Lines.TakeLast(40))}";
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var person in _people)
        {
            await person.DisposeAsync();
        }

        _network.Dispose();
        foreach (var door in _doors.Values)
        {
            await door.DisposeAsync();
        }

        await Fleet.DisposeAsync();
        foreach (var registry in _registries.Values)
        {
            await registry.DisposeAsync();
        }
    }

    private async Task StartAsync(int pods, Action linked)
    {
        foreach (var name in Names)
        {
            _registries[name] = await RedisServer.StartNewAsync();
            _doors[name] = new RoundRobin(() => [.. Nodes.Where(node => node.Cluster == name).Select(node => new IPEndPoint(IPAddress.Parse(node.Ip), node.Signal.Port))]);
        }

        Fleet.Kubelet.Start = async (pod, certificates) =>
        {
            var region = pod.Metadata.Labels[SfuApi.ClusterLabel];
            return await NodeProcess.StartAsync(
                pod, certificates, _registries[region], region == Names[^1] ? Environment.GetEnvironmentVariable(OtherNodeVariable) : null);
        };
        await Fleet.StartOperatorAsync();
        foreach (var name in Names)
        {
            await Fleet.CreateFleetAsync(
                spec =>
                {
                    spec["region"] = name;
                    spec["replicas"] = new JsonObject { ["min"] = pods, ["max"] = pods + 1 };
                    spec["cost"] = new JsonObject { ["egressGigabyte"] = 2, ["currency"] = "EUR" };
                    spec["redis"] = new JsonObject { ["addresses"] = new JsonArray(_registries[name].Address) };
                },
                name);
        }

        for (var i = 0; i < Names.Count; i++)
        {
            for (var j = i + 1; j < Names.Count; j++)
            {
                await Fleet.CreateLinkAsync(Names[i], Names[j], cost: LinkCost);
            }
        }

        foreach (var name in Names)
        {
            await UntilAsync(async () => (await Fleet.StatusAsync(name)).ReadyReplicas == pods, $"{name} is ready");
        }

        await UntilAsync(
            async () => (await LinksAsync()).All(link => link.Status?.Conditions.Any(condition => condition is { Type: RegionLinkConditions.Healthy, Status: "True" }) == true),
            "all links are healthy");
        linked();
        await Fleet.CreateRoomAsync(Room, $$$"""{"placement":{"regions":{{{JsonSerializer.Serialize(Names)}}},"cascade":"Always"},"expectedParticipants":6,"departureTimeout":"3s"}""");
        await SettledAsync();
    }

    private async Task JoinAsync(int each)
    {
        foreach (var name in Names)
        {
            for (var i = 0; i < each; i++)
            {
                var identity = string.Create(CultureInfo.InvariantCulture, $"{name}-{i}");
                _people.Add(await ReturningParticipant.StartAsync(
                    new HeadlessOptions
                    {
                        Url = new Uri($"ws://127.0.0.1:{_doors[name].Port}"),
                        Token = RoomToken.Create(NodeProcess.ApiKey, NodeProcess.ApiSecret, Room, identity),
                        Network = _network,
                        SinglePeerConnection = i % 2 == 0,
                        Data = false,
                        Key = SharedKey,
                    },
                    new VideoPublication { Layers = 1, Simulcast = false },
                    audio: true));
            }
        }
    }

    private async Task<IReadOnlyList<RegionLink>> LinksAsync() =>
        [.. (await Fleet.Api.ListAsync(Runtime.Client.ResourceType.Of<RegionLink>(), Fleet.Namespace, Runtime.Client.ListQuery.All, 100, null, CancellationToken.None)).Items.Select(Runtime.Client.ApiClient.Read<RegionLink>)];

    private Task UntilAsync(Func<Task<bool>> condition, string what) => Eventually.TrueAsync(condition, what, DescribeAsync, Patience);

    /// <summary>Who is in the room and with how many tracks, as a node tells applications.</summary>
    private static async Task<string> MembersAsync(NodeProcess node)
    {
        var (_, body) = await RoomJoins.CallAsync(node, "ListParticipants", new { room = Room }, new VideoGrant { RoomAdmin = true, Room = Room });
        var members = JsonNode.Parse(body)?["participants"]?.AsArray() ?? [];
        return string.Join(' ', members
            .Select(member => $"{member!["identity"]}:{member["sid"]}:{string.Join(',', (member["tracks"]?.AsArray() ?? []).Select(track => (string?)track!["sid"]).Order(StringComparer.Ordinal))}")
            .Order(StringComparer.Ordinal));
    }
}
