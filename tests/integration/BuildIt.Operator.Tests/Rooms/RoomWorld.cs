using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using k8s;
using k8s.Models;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>
/// A fleet whose nodes take the rooms that routes give them and report them, with as many participants as a test says.
/// </summary>
internal sealed class RoomWorld : IAsyncDisposable
{
    private readonly IConnectionMultiplexer _redis;
    private readonly ConcurrentDictionary<string, RoomRoute> _routes = new(StringComparer.Ordinal);

    private RoomWorld(FleetWorld fleet, IConnectionMultiplexer redis)
    {
        Fleet = fleet;
        Keys = new RegistryKeys(fleet.Namespace);
        _redis = redis;
    }

    public FleetWorld Fleet { get; }

    public RegistryKeys Keys { get; }

    public IDatabase Database => _redis.GetDatabase();

    /// <summary>Participants by room; a room that is not named has had nobody.</summary>
    public ConcurrentDictionary<string, int> People { get; } = new(StringComparer.Ordinal);

    /// <summary>Rooms that everybody has left, and when.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> Left { get; } = new(StringComparer.Ordinal);

    /// <summary>A fleet of one pod that one room fills, and that may grow to two.</summary>
    public static Task<RoomWorld> CreateForOneRoomAsync(OperatorFixture fixture) => CreateAsync(fixture, pods: 1, spec =>
    {
        spec["replicas"] = new JsonObject { ["min"] = 1, ["max"] = 2 };
        spec["capacity"] = new JsonObject { ["maxRooms"] = 1 };
        spec["autoscaling"]!["targetUtilization"] = 1;
    });

    public static Task<RoomWorld> CreateAsync(OperatorFixture fixture, int pods, Action<JsonObject>? change = null) =>
        CreateAsync(fixture, fixture.Redis, pods, change);

    public static Task<RoomWorld> CreateAsync(OperatorFixture fixture, RedisServer redis, int pods, Action<JsonObject>? change = null) =>
        CreateAsync(fixture.Cluster, redis, pods, change, fleet => fleet.StartOperatorAsync());

    /// <param name="cluster">Where it is made.</param>
    /// <param name="redis">The registry.</param>
    /// <param name="pods">Pods of the fleet.</param>
    /// <param name="change">Changes the fleet's spec.</param>
    /// <param name="start">Starts the operator.</param>
    public static async Task<RoomWorld> CreateAsync(
        KubernetesCluster cluster, RedisServer redis, int pods, Action<JsonObject>? change, Func<FleetWorld, Task> start)
    {
        var fleet = await FleetWorld.CreateAsync(cluster, redis, "rooms");
        var options = ConfigurationOptions.Parse(redis.Address);
        options.AbortOnConnectFail = false;
        options.ReconnectRetryPolicy = new LinearRetry(100);
        options.BacklogPolicy = BacklogPolicy.FailFast;
        var world = new RoomWorld(fleet, await ConnectionMultiplexer.ConnectAsync(options));
        await world.FollowAsync();
        fleet.Kubelet.Prepare = node => node.Rooms = () => world.Report(node);
        await start(fleet);
        await fleet.CreateFleetAsync(spec =>
        {
            spec["replicas"] = new JsonObject { ["min"] = pods, ["max"] = pods };
            change?.Invoke(spec);
        });
        await fleet.ReadyAsync(pods);
        return world;
    }

    public Task CreateAsync(string room, string spec = "{}") => Fleet.CreateRoomAsync(room, spec);

    public Task AnnotateAsync(string room, string key, string value) => Fleet.Client.CustomObjects.PatchNamespacedCustomObjectAsync(
        new V1Patch(JsonSerializer.Serialize(new { metadata = new { annotations = new Dictionary<string, string> { [key] = value } } }), V1Patch.PatchType.MergePatch),
        SfuApi.Group, SfuApi.Version, Fleet.Namespace, ConferenceRoom.Plural, room);

    public Task PatchAsync(string room, string spec) => Fleet.Client.CustomObjects.PatchNamespacedCustomObjectAsync(
        new V1Patch($$"""{"spec":{{spec}}}""", V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, Fleet.Namespace, ConferenceRoom.Plural, room);

    public Task DeleteAsync(string room) =>
        Fleet.Client.CustomObjects.DeleteNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, Fleet.Namespace, ConferenceRoom.Plural, room);

    public Task<ConferenceRoom?> ReadAsync(string room) => Fleet.Api.GetAsync<ConferenceRoom>(Fleet.Namespace, room, CancellationToken.None);

    public async Task<IReadOnlyList<ConferenceRoom>> ListAsync()
    {
        var page = await Fleet.Api.ListAsync(
            Runtime.Client.ResourceType.Of<ConferenceRoom>(), Fleet.Namespace, Runtime.Client.ListQuery.All, 5000, null, CancellationToken.None);
        return [.. page.Items.Select(Runtime.Client.ApiClient.Read<ConferenceRoom>)];
    }

    public async Task<ConferenceRoomStatus> UntilAsync(string room, string what, Func<ConferenceRoomStatus, bool> condition)
    {
        ConferenceRoomStatus? seen = null;
        await Eventually.TrueAsync(
            async () => (seen = (await ReadAsync(room))?.Status) is { } status && condition(status),
            $"{room}: {what}",
            async () => $"{JsonSerializer.Serialize(seen, ApiJson.Options)}\n{await Fleet.DescribeAsync()}");
        return seen!;
    }

    public Task<ConferenceRoomStatus> ReadyAsync(string room, long generation = 1) =>
        UntilAsync(room, $"ready at generation {generation}", status => status.Phase is RoomPhase.Ready && status.Generation == generation);

    /// <summary>The route in the registry; null when there is none or the registry is away.</summary>
    public async Task<RoomRoute?> RouteAsync(string room)
    {
        RedisValue json;
        try
        {
            json = await Database.StringGetAsync(Keys.Route(new RoomId(room)));
        }
        catch (Exception away) when (away is RedisException or TimeoutException)
        {
            return null;
        }

        return ContractJson.TryRead(((ReadOnlyMemory<byte>)json).Span, ContractJson.Default.RoomRoute, out var route) ? route : null;
    }

    /// <summary>What a node last wrote to the registry; null when that has expired.</summary>
    public async Task<Heartbeat?> HeartbeatAsync(string node)
    {
        var json = await Database.StringGetAsync(Keys.Node(new NodeId(node)));
        return ContractJson.TryRead(((ReadOnlyMemory<byte>)json).Span, ContractJson.Default.Heartbeat, out var heartbeat) ? heartbeat : null;
    }

    public Task RouteIsAsync(string room, string what, Func<RoomRoute, bool> condition) =>
        Eventually.TrueAsync(async () => await RouteAsync(room) is { } route && condition(route), $"the route of {room}: {what}", Fleet.DescribeAsync);

    public async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private async Task FollowAsync()
    {
        // Connecting goes on in the background, and subscriptions have a connection of their own.
        var (subscriber, changes) = (_redis.GetSubscriber(), RedisChannel.Literal(Keys.RouteChanges));
        await Eventually.TrueAsync(() => subscriber.IsConnected(changes), "the registry can be subscribed to");
        await subscriber.SubscribeAsync(changes, async (_, room) =>
        {
            // A node that cannot read keeps what it knows.
            if (await RouteAsync(room.ToString()) is { } route)
            {
                _routes[route.Room.Value] = route;
            }
        });
    }

    private List<RoomReport> Report(FakeNode node)
    {
        List<RoomReport> reports =
        [
            .. _routes.Values.Where(route => route.Node.Value == node.Name && route.State is not RoomRouteState.Ended).Select(route => new RoomReport
            {
                Room = route.Room,
                Generation = route.Generation,
                Participants = People.GetValueOrDefault(route.Room.Value),
                EverJoined = People.ContainsKey(route.Room.Value),
                EmptySeconds = Left.TryGetValue(route.Room.Value, out var at) ? (DateTimeOffset.UtcNow - at).TotalSeconds : null,
            }),
        ];
        var people = reports.Sum(report => report.Participants);
        node.Load = new NodeLoad { Rooms = reports.Count, Participants = people, Publishers = people, Subscribers = people };
        return reports;
    }
}
