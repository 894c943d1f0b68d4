using System.Net;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using StackExchange.Redis;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>A region: a real Redis, two real nodes, and this in the operator's place.</summary>
public sealed class RegionFixture : IAsyncLifetime
{
    private readonly RegistryKeys _keys = new(FleetNode.Scope);
    private ConnectionMultiplexer? _connection;
    private int _rooms;

    internal RedisServer Redis { get; private set; } = null!;

    internal FleetNode A { get; private set; } = null!;

    internal FleetNode B { get; private set; } = null!;

    internal IDatabase Database => _connection!.GetDatabase();

    internal RegistryKeys Keys => _keys;

    public async Task InitializeAsync()
    {
        Redis = await RedisServer.StartNewAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions
        {
            EndPoints = { Redis.Address },
            AbortOnConnectFail = false,
            ReconnectRetryPolicy = new LinearRetry(200),
        });
        await PublishEpochAsync();
        var nodes = await Task.WhenAll(StartAsync("node-a"), StartAsync("node-b"));
        (A, B) = (nodes[0], nodes[1]);
    }

    public async Task DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        await _connection!.DisposeAsync();
        await Redis.DisposeAsync();
    }

    /// <summary>
    /// Starts a node and waits until rooms may be given to it: its second heartbeat says that it knows of its first, and so that it
    /// may serve.
    /// </summary>
    internal async Task<FleetNode> StartAsync(string name, IReadOnlyDictionary<string, string?>? more = null)
    {
        var node = await FleetNode.StartAsync(name, Redis.Address, more);
        await Eventually.IsAsync(async () => await HeartbeatAsync(node) is { Sequence: > 1 }, TimeSpan.FromSeconds(30), $"{name} reports");
        return node;
    }

    internal RoomId NewRoom() => new($"room-{Interlocked.Increment(ref _rooms)}");

    internal Task PublishEpochAsync() => Database.StringSetAsync(_keys.Epoch, "1");

    internal async Task<RoomRoute> PlaceAsync(RoomId room, FleetNode on, long generation = 1, RoomLimits? limits = null, RoomRouteState state = RoomRouteState.Serving)
    {
        var route = new RoomRoute
        {
            Room = room,
            Node = on.Id,
            Generation = generation,
            Endpoint = on.Signal.ToString(),
            Limits = limits ?? RoomLimits.Default,
            State = state,
        };
        await WriteAsync(route);
        return route;
    }

    /// <summary>Gives a room a seat on each of the nodes, in a chain; the first is the origin.</summary>
    internal async Task<RoomRoute> SeatAsync(
        RoomId room, IReadOnlyList<FleetNode> nodes, long generation = 1, long revision = 0, IReadOnlyList<FleetNode>? closed = null, long maxLinkBitsPerSecond = 0)
    {
        var seats = new List<RoomSeat>();
        foreach (var node in nodes)
        {
            var heartbeat = await Eventually.HasAsync(
                async () => await HeartbeatAsync(node) is { Endpoints.Relay: not null } known ? known : null, TimeSpan.FromSeconds(10), "the node reports where it takes links");
            seats.Add(new RoomSeat
            {
                Node = node.Id,
                Region = heartbeat.Region,
                Cluster = heartbeat.Cluster,
                Role = seats.Count == 0 ? SeatRole.Origin : SeatRole.Edge,
                Parent = seats.Count == 0 ? null : seats[^1].Node,
                Endpoint = heartbeat.Endpoints.Signal,
                Relay = heartbeat.Endpoints.Relay,
                RelayFingerprint = heartbeat.Endpoints.RelayFingerprint,
                MaxLinkBitsPerSecond = seats.Count == 0 ? 0 : maxLinkBitsPerSecond,
                Closed = closed?.Contains(node) ?? false,
            });
        }

        var route = new RoomRoute
        {
            Room = room,
            Node = nodes[0].Id,
            Generation = generation,
            Revision = revision,
            Endpoint = nodes[0].Signal.ToString(),
            Sid = "RM_cascade" + room.Value.Replace("-", "", StringComparison.Ordinal),
            Limits = RoomLimits.Default with { E2eeRequired = false },
            Seats = seats,
        };
        await WriteAsync(route);
        return route;
    }

    internal async Task WriteAsync(RoomRoute route)
    {
        await Database.StringSetAsync(_keys.Route(route.Room), ContractJson.Write(route, ContractJson.Default.RoomRoute));
        await Database.PublishAsync(RedisChannel.Literal(_keys.RouteChanges), route.Room.Value);
    }

    internal async Task RevokeAsync(RoomId room, string participant, bool announce, bool keepsConnected = false)
    {
        var revocation = new Revocation
        {
            Room = room,
            Participant = participant,
            NotBefore = DateTimeOffset.UtcNow.AddSeconds(30),
            KeepsConnected = keepsConnected,
        };
        var json = ContractJson.Write(revocation, ContractJson.Default.Revocation);
        await Database.HashSetAsync(_keys.Revocations(room), participant, json);
        if (announce)
        {
            await Database.PublishAsync(RedisChannel.Literal(_keys.RevocationChanges), json);
        }
    }

    internal async Task<Heartbeat?> HeartbeatAsync(FleetNode node)
    {
        var json = await Database.StringGetAsync(_keys.Node(node.Id));
        return ContractJson.TryRead(((ReadOnlyMemory<byte>)json).Span, ContractJson.Default.Heartbeat, out var heartbeat) ? heartbeat : null;
    }
}
