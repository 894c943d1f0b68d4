using System.Collections.Concurrent;
using System.Net;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing.Network;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace BuildIt.Testing.Conferences.Fleets;

/// <summary>
/// Several real nodes with a real Redis between them, and one address for all, at which participants arrive in turn. This stands in for
/// operator and room API: every room that is asked for has a seat on every node, so that each participant is on another node than the one
/// before.
/// </summary>
public sealed class CascadedFleet : IAsyncDisposable
{
    private const string Scope = "interop";

    private readonly RegistryKeys _keys = new(Scope);
    private readonly CancellationTokenSource _end = new();
    private RedisServer _redis = null!;
    private ConnectionMultiplexer _connection = null!;
    private WebApplication _api = null!;
    private Task _ending = Task.CompletedTask;

    private readonly ConcurrentDictionary<RoomId, RoomCreation> _rooms = new();
    private Func<int, IReadOnlyCollection<string>, Task<NodeProgram>> _start = null!;
    private bool _isStar;

    /// <summary>The nodes; the first has the origin of every room.</summary>
    public IReadOnlyList<NodeProgram> Nodes { get; private set; } = [];

    /// <summary>Where participants arrive.</summary>
    public RoundRobin Front { get; private set; } = null!;

    /// <summary>Their registry.</summary>
    public RedisServer Registry => _redis;

    private IDatabase Database => _connection.GetDatabase();

    /// <param name="nodes">How many.</param>
    /// <param name="environment">Variables of each.</param>
    /// <param name="arguments">What the command line of each says.</param>
    /// <param name="star">All hang on the origin; otherwise each on the one before, so that what is sent passes all links.</param>
    public static async Task<CascadedFleet> StartAsync(
        int nodes, IReadOnlyDictionary<string, string?>? environment, IReadOnlyCollection<string> arguments, bool star = false)
    {
        var fleet = new CascadedFleet { _isStar = star };
        try
        {
            await fleet.OpenAsync(nodes, environment, arguments);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives a room its seats, unless it has them.</summary>
    public Task OpenAsync(string room) => PlaceAsync(new RoomCreation { Room = new RoomId(room) });

    /// <summary>Kills every node as a crash would, starts others in their places, and gives the rooms their seats anew, as an operator does.</summary>
    public async Task RestartAsync()
    {
        var gone = (await HeartbeatsAsync()).Select(heartbeat => heartbeat.Boot).ToHashSet(StringComparer.Ordinal);
        var before = Nodes;
        await Task.WhenAll(before.Select(node => node.Process.KillAsync()));
        Nodes = await Task.WhenAll(before.Select((node, i) =>
            _start(i, ["--port", $"{node.Signal.Port}", "--udp-port", $"{node.UdpPort}", "--tcp-port", $"{node.TcpPort}"])));
        foreach (var node in before)
        {
            await node.DisposeAsync();
        }

        await AliveAsync(gone);
        foreach (var (room, creation) in _rooms)
        {
            if (await RouteAsync(room) is { State: not RoomRouteState.Ended } known)
            {
                await SeatAsync(creation, known.Generation + 1);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _ending;
        if (Front is not null)
        {
            await Front.DisposeAsync();
        }

        foreach (var node in Nodes)
        {
            await node.DisposeAsync();
        }

        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        _end.Dispose();
    }

    private async Task OpenAsync(int nodes, IReadOnlyDictionary<string, string?>? environment, IReadOnlyCollection<string> arguments)
    {
        _redis = await RedisServer.StartNewAsync();
        _connection = await ConnectionMultiplexer.ConnectAsync(_redis.Address);
        await Database.StringSetAsync(_keys.Epoch, "1");
        var api = await OpenApiAsync();
        _start = (i, ports) => NodeProgram.StartAsync(
            new Dictionary<string, string?>(environment ?? new Dictionary<string, string?>())
            {
                [NodeEnvironment.Instance] = $"node-{i}",
                [NodeEnvironment.Namespace] = Scope,
                [NodeEnvironment.Cluster] = "fleet",
                [NodeEnvironment.Region] = $"region-{i}",
                [NodeEnvironment.RedisAddresses] = _redis.Address,
                [NodeEnvironment.RoomApi] = api,
            },
            [.. arguments, .. ports]);
        Nodes = await Task.WhenAll(Enumerable.Range(0, nodes).Select(i => _start(i, [])));
        Front = new RoundRobin(() => [.. Nodes.Select(node => new IPEndPoint(IPAddress.Parse(node.Signal.Host), node.Signal.Port))]);
        await AliveAsync(gone: new HashSet<string>());
        _ending = EndRoomsAsync();
    }

    /// <summary>Waits until all nodes have told of themselves.</summary>
    /// <param name="gone">Whose word does not count: nodes that were before.</param>
    private async Task AliveAsync(IReadOnlySet<string> gone)
    {
        while ((await HeartbeatsAsync()).Count(heartbeat => heartbeat.Endpoints.Relay is not null && !gone.Contains(heartbeat.Boot)) < Nodes.Count)
        {
            await Task.Delay(50, _end.Token);
        }
    }

    private async Task<string> OpenApiAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _api = builder.Build();
        _api.Urls.Add("http://127.0.0.1:0");
        _api.MapPost(RoomCreation.Path, async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            if (!ContractJson.TryRead(body.ToArray(), ContractJson.Default.RoomCreation, out var creation))
            {
                return Results.BadRequest();
            }

            await PlaceAsync(creation);
            return Results.Ok();
        });
        await _api.StartAsync();
        return _api.Urls.First();
    }

    private async Task PlaceAsync(RoomCreation creation)
    {
        var known = await RouteAsync(creation.Room);
        if (known is not { State: not RoomRouteState.Ended })
        {
            _rooms[creation.Room] = creation;
            await SeatAsync(creation, (known?.Generation ?? 0) + 1);
        }
    }

    private async Task SeatAsync(RoomCreation creation, long generation)
    {
        var nodes = (await HeartbeatsAsync()).OrderBy(heartbeat => heartbeat.Node.Value, StringComparer.Ordinal).ToArray();
        await WriteAsync(new RoomRoute
        {
            Room = creation.Room,
            Node = nodes[0].Node,
            Generation = generation,
            Endpoint = nodes[0].Endpoints.Signal,
            Region = nodes[0].Region,
            Sid = $"RM_{creation.Room.Value.Replace("-", "", StringComparison.Ordinal)}{generation}",
            Limits = new RoomLimits(
                MaxParticipants: creation.MaxParticipants,
                EmptyTimeoutSeconds: creation.EmptyTimeoutSeconds > 0 ? creation.EmptyTimeoutSeconds : 300,
                DepartureTimeoutSeconds: creation.DepartureTimeoutSeconds > 0 ? creation.DepartureTimeoutSeconds : 20,
                E2eeRequired: false),
            Seats =
            [
                .. nodes.Select((node, i) => new RoomSeat
                {
                    Node = node.Node,
                    Region = node.Region,
                    Cluster = node.Cluster,
                    Role = i == 0 ? SeatRole.Origin : SeatRole.Edge,
                    Parent = i == 0 ? null : nodes[_isStar ? 0 : i - 1].Node,
                    Endpoint = node.Endpoints.Signal,
                    Relay = node.Endpoints.Relay,
                    RelayFingerprint = node.Endpoints.RelayFingerprint,
                }),
            ],
        });
    }

    /// <summary>Ends rooms that a node was asked to end.</summary>
    private async Task EndRoomsAsync()
    {
        try
        {
            while (true)
            {
                foreach (var report in (await HeartbeatsAsync()).SelectMany(heartbeat => heartbeat.Rooms).Where(report => report.EndRequested))
                {
                    if (await RouteAsync(report.Room) is { State: RoomRouteState.Serving } route && route.Generation == report.Generation)
                    {
                        await WriteAsync(route with { State = RoomRouteState.Ended });
                    }
                }

                await Task.Delay(100, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The tests are over.
        }
    }

    private async Task WriteAsync(RoomRoute route)
    {
        await Database.StringSetAsync(_keys.Route(route.Room), ContractJson.Write(route, ContractJson.Default.RoomRoute));
        await Database.PublishAsync(RedisChannel.Literal(_keys.RouteChanges), route.Room.Value);
    }

    private async Task<RoomRoute?> RouteAsync(RoomId room) =>
        ContractJson.TryRead(((ReadOnlyMemory<byte>)await Database.StringGetAsync(_keys.Route(room))).Span, ContractJson.Default.RoomRoute, out var route) ? route : null;

    private async Task<IReadOnlyList<Heartbeat>> HeartbeatsAsync()
    {
        var found = new List<Heartbeat>();
        foreach (var id in await Database.SortedSetRangeByRankAsync(_keys.Nodes))
        {
            var json = (ReadOnlyMemory<byte>)await Database.StringGetAsync(_keys.Node(new NodeId(id.ToString())));
            if (ContractJson.TryRead(json.Span, ContractJson.Default.Heartbeat, out var heartbeat))
            {
                found.Add(heartbeat);
            }
        }

        return found;
    }
}
