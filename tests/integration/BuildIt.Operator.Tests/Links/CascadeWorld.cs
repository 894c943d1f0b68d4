using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using k8s;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Links;

/// <summary>
/// Fleets in several regions whose nodes take the seats that routes give them, and report who is on them and how their links are. People
/// go to the seat of their region, and to the origin where there is none.
/// </summary>
internal sealed class CascadeWorld : IAsyncDisposable
{
    private readonly IConnectionMultiplexer _redis;
    private readonly RegistryKeys _keys;
    private readonly ConcurrentDictionary<string, RoomRoute> _routes = new(StringComparer.Ordinal);

    private CascadeWorld(FleetWorld fleet, IConnectionMultiplexer redis)
    {
        Fleet = fleet;
        _redis = redis;
        _keys = new RegistryKeys(fleet.Namespace);
    }

    public FleetWorld Fleet { get; }

    /// <summary>Participants of a room by region.</summary>
    public ConcurrentDictionary<(string Room, string Region), int> People { get; } = new();

    /// <summary>Pairs of fleets whose path is cut. Both orders of the names.</summary>
    public ConcurrentDictionary<(string, string), bool> Cut { get; } = new();

    /// <param name="fixture">Where it is made.</param>
    /// <param name="pods">Pods of each fleet.</param>
    /// <param name="fleets">The fleets, called as their regions. Each two are linked.</param>
    public static async Task<CascadeWorld> CreateAsync(OperatorFixture fixture, int pods, params string[] fleets)
    {
        var fleet = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis, "cascade");
        var world = new CascadeWorld(fleet, await ConnectionMultiplexer.ConnectAsync(fixture.Redis.Address));
        await world._redis.GetSubscriber().SubscribeAsync(RedisChannel.Literal(world._keys.RouteChanges), async (_, room) => await world.LearnAsync(room.ToString()));
        fleet.Kubelet.Prepare = node =>
        {
            node.Relays = true;
            node.Rooms = () => world.Report(node);
            node.Link = order => world.LinkOf(node, order);
        };
        await fleet.StartOperatorAsync();
        foreach (var name in fleets)
        {
            await fleet.CreateFleetAsync(
                spec =>
                {
                    spec["region"] = name;
                    spec["replicas"] = new JsonObject { ["min"] = pods, ["max"] = pods };
                },
                name);
        }

        foreach (var name in fleets)
        {
            await Eventually.TrueAsync(async () => (await fleet.StatusAsync(name)).ReadyReplicas == pods, $"{name} is ready", fleet.DescribeAsync);
        }

        for (var a = 0; a < fleets.Length; a++)
        {
            for (var b = a + 1; b < fleets.Length; b++)
            {
                await world.LinkAsync(fleets[a], fleets[b]);
            }
        }

        return world;
    }

    public Task LinkAsync(string a, string b) => Fleet.CreateLinkAsync(a, b, """{"interval":"300ms","timeout":"300ms","maxRtt":"300ms"}""");

    public Task UnlinkAsync(string name) =>
        Fleet.Client.CustomObjects.DeleteNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, Fleet.Namespace, RegionLink.Plural, name);

    public Task RoomAsync(string name, string spec = "{}") => Fleet.CreateRoomAsync(name, spec);

    public Task PatchRoomAsync(string name, string spec) => PatchAsync(ConferenceRoom.Plural, name, spec);

    public Task PatchLinkAsync(string name, string spec) => PatchAsync(RegionLink.Plural, name, spec);

    public async Task<RegionLinkStatus> LinkIsAsync(string name, string what, Func<RegionLinkStatus, bool> condition)
    {
        RegionLinkStatus? seen = null;
        await Eventually.TrueAsync(
            async () => (seen = (await Fleet.Api.GetAsync<RegionLink>(Fleet.Namespace, name, CancellationToken.None))?.Status) is { } status && condition(status),
            $"{name}: {what}",
            async () => $"{JsonSerializer.Serialize(seen, ApiJson.Options)}\n{await Fleet.DescribeAsync()}");
        return seen!;
    }

    public async Task<ConferenceRoomStatus> RoomIsAsync(string name, string what, Func<ConferenceRoomStatus, bool> condition)
    {
        ConferenceRoomStatus? seen = null;
        await Eventually.TrueAsync(
            async () => (seen = (await Fleet.Api.GetAsync<ConferenceRoom>(Fleet.Namespace, name, CancellationToken.None))?.Status) is { } status && condition(status),
            $"{name}: {what}",
            async () => $"{JsonSerializer.Serialize(seen, ApiJson.Options)}\n{await Fleet.DescribeAsync()}");
        return seen!;
    }

    public Task<ConferenceRoomStatus> HasSeatsAsync(string name, params string[] regions) => RoomIsAsync(
        name,
        $"has seats in {string.Join(", ", regions)}",
        status => status.Phase is RoomPhase.Ready && status.Assignments.Select(seat => seat.Region).Order(StringComparer.Ordinal).SequenceEqual(regions.Order(StringComparer.Ordinal)));

    public async Task<RoomRoute> RouteIsAsync(string name, string what, Func<RoomRoute, bool> condition)
    {
        await Eventually.TrueAsync(
            async () =>
            {
                await LearnAsync(name);
                return _routes.TryGetValue(name, out var route) && condition(route);
            },
            $"the route of {name}: {what}",
            Fleet.DescribeAsync);
        return _routes[name];
    }

    public void CutPath(string a, string b, bool isCut)
    {
        Cut[(a, b)] = isCut;
        Cut[(b, a)] = isCut;
    }

    public async ValueTask DisposeAsync()
    {
        await Fleet.DisposeAsync();
        await _redis.DisposeAsync();
    }

    private Task PatchAsync(string plural, string name, string spec) => Fleet.Client.CustomObjects.PatchNamespacedCustomObjectAsync(
        new k8s.Models.V1Patch($$"""{"spec":{{spec}}}""", k8s.Models.V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, Fleet.Namespace, plural, name);

    private async Task LearnAsync(string room)
    {
        var json = await _redis.GetDatabase().StringGetAsync(_keys.Route(new RoomId(room)));
        if (ContractJson.TryRead(((ReadOnlyMemory<byte>)json).Span, ContractJson.Default.RoomRoute, out var route))
        {
            _routes.AddOrUpdate(room, route, (_, known) => known.IsNewerThan(route) ? known : route);
        }
    }

    private LinkReport LinkOf(FakeNode node, LinkOrder order)
    {
        var isUp = !Cut.GetValueOrDefault((node.Cluster, order.Cluster)) && Fleet.Kubelet.Running.TryGetValue(order.Peer.Value, out var peer) && peer.Beats;
        return new LinkReport
        {
            Peer = order.Peer,
            State = isUp ? LinkState.Up : LinkState.Broken,
            Ordered = true,
            RoundTripMilliseconds = 80,
            JitterMilliseconds = 1,
            LossFraction = 0,
            BandwidthBitsPerSecond = 100_000_000,
            SilentSeconds = isUp ? 0.1 : 60,
        };
    }

    private List<RoomReport> Report(FakeNode node)
    {
        var reports = new List<RoomReport>();
        foreach (var route in _routes.Values.Where(route => route.State is not RoomRouteState.Ended && route.Names(new NodeId(node.Name))))
        {
            var seat = route.SeatOf(new NodeId(node.Name));
            var arrivals = People
                .Where(people => people.Key.Room == route.Room.Value && people.Value > 0 && ServerOf(route, people.Key.Region) == node.Name)
                .Select(people => new RegionArrivals { Region = people.Key.Region, Participants = people.Value, Publishers = people.Value })
                .ToList();
            var count = arrivals.Sum(region => region.Participants);
            reports.Add(new RoomReport
            {
                Room = route.Room,
                Generation = route.Generation,
                Participants = count,
                Publishers = count,
                Subscribers = count,
                Arrivals = arrivals,
                EverJoined = count > 0,
                EmptySeconds = count > 0 ? null : 1,
                EndToEndEncrypted = true,
                ParentConnected = seat is not { Parent: { } parent } ? null
                    : Fleet.Kubelet.Running.TryGetValue(parent.Value, out var up) && up.Beats && !Cut.GetValueOrDefault((node.Cluster, up.Cluster)),
            });
        }

        var people = reports.Sum(report => report.Participants);
        node.Load = new NodeLoad { Rooms = reports.Count, Participants = people, Publishers = people, Subscribers = people };
        return reports;
    }

    private static string ServerOf(RoomRoute route, string region) =>
        (route.Seats.FirstOrDefault(seat => seat.Region == region && !seat.Closed) ?? route.Seats.FirstOrDefault(seat => seat.Region == region))?.Node.Value ?? route.Node.Value;
}
