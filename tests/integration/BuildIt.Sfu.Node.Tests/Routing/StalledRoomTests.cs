using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Connections;
using BuildIt.Sfu.Node.Hosting;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Tokens;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>A media loop that is held up, and a registry that answers nonsense: what other rooms and the heartbeat have of it.</summary>
public sealed class StalledRoomTests : IDisposable
{
    private static readonly NodeId Self = new("self");
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly MediaServer _media = new(
        new NodeSettings { BindAddress = "127.0.0.1", MediaUdpPort = 0, MediaTcpPort = -1, Loops = 2 },
        new ConnectionLimits(new DescriptorBudget(1000, 100)),
        TimeProvider.System,
        NullLogger<MediaServer>.Instance);

    private readonly ManualResetEventSlim _release = new();
    private readonly RouteTable _table = new(Self);
    private readonly BackgroundFaults _faults = new(NullLogger<BackgroundFaults>.Instance);
    private readonly RoomDirectory _rooms;
    private readonly RoomKeeper _keeper;

    public StalledRoomTests()
    {
        var keys = ApiKeys.Single("devkey", "secret");
        var services = new NodeServices
        {
            Server = new ServerInfo(),
            Tokens = new TokenSigner(keys),
            Clock = new WallClock(DateTimeOffset.UtcNow),
            Sids = new RandomSids(),
            Limits = Signaling.Rooms.Limits.ClientLimits.Default,
        };
        _rooms = new RoomDirectory(services, _media.Rooms, new NoObserver());
        var settings = new NodeSettings { Node = Self };
        var relays = new RelayKeeper(
            settings,
            new LinkClient(new RelayCertificates(settings, TimeProvider.System)),
            new LinkBounds(settings),
            new UrgentNews(),
            TimeProvider.System,
            _faults,
            NullLogger<RelayKeeper>.Instance);
        _keeper = new RoomKeeper(_table, new RoomClosings(_table), _rooms, new LiveKitOptions { Keys = keys }, relays, NullLogger<RoomKeeper>.Instance);
        _media.Start();
    }

    public void Dispose()
    {
        _release.Set();
        _media.Dispose();
        _release.Dispose();
    }

    [Fact]
    public async Task No_room_waits_for_one_whose_loop_is_held_up()
    {
        await ServeAsync("stalled");
        await ServeAsync("well");
        await StallAsync("stalled");

        var stalled = _keeper.ApplyAsync(new RoomId("stalled"), CancellationToken.None);
        Assert.NotNull(await ServeAsync("well").WaitAsync(Patience));
        Assert.False(stalled.IsCompleted);

        _release.Set();
        Assert.NotNull(await stalled.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_node_with_a_loop_that_is_held_up_still_reports()
    {
        var activity = new NodeActivity(_rooms, _media, new NodeSettings { Node = Self }, TimeProvider.System, _table);
        await ServeAsync("stalled");
        await ServeAsync("well");
        await Eventually.IsAsync(
            async () =>
            {
                await activity.RefreshAsync();
                return activity.Rooms == 2;
            },
            Patience,
            "both rooms are reported");
        await StallAsync("stalled");

        for (var i = 0; i < 3; i++)
        {
            await activity.RefreshAsync().WaitAsync(Patience);
            Assert.Equal(2, activity.Rooms);
        }
    }

    [Fact]
    public async Task The_sweep_of_routes_goes_on_after_whatever_happens_and_says_so()
    {
        var registry = new NonsenseRegistry { Route = Route("well") };
        using var watch = new RouteWatch(
            registry, _table, _keeper, _rooms, new RevocationList(), new ServingLease(TimeProvider.System), _faults, TimeProvider.System, NullLogger<RouteWatch>.Instance);
        _table.Learn(Route("well"), out _);
        await watch.StartAsync(CancellationToken.None);
        await Eventually.IsAsync(() => Task.FromResult(registry.Asked > 1), Patience, "it asks again after a failure");
        registry.Sane = true;
        await Eventually.IsAsync(async () => await _rooms.FindAsync("well") is not null, Patience, "the route is followed");
        await watch.StopAsync(CancellationToken.None);
        Assert.Contains(_faults.Counts, fault => fault is { Key: "route_sweep", Value: > 0 });
    }

    private Task<RoomHost?> ServeAsync(string room)
    {
        _table.Learn(Route(room), out _);
        return _keeper.ApplyAsync(new RoomId(room), CancellationToken.None);
    }

    private static RoomRoute Route(string room) => new() { Room = new RoomId(room), Node = Self, Generation = 1, Endpoint = "http://self" };

    /// <summary>Returns when the room's loop does nothing else any more.</summary>
    private async Task StallAsync(string room)
    {
        var host = (await _rooms.FindAsync(room))!;
        var stalls = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = host.InvokeAsync((RoomCore _, Instant _) =>
        {
            stalls.SetResult();
            _release.Wait();
        });
        await stalls.Task.WaitAsync(Patience);
    }

    private sealed class NoObserver : IRoomObserver;

    /// <summary>A registry whose answers nobody can read, until they can.</summary>
    private sealed class NonsenseRegistry : IRegionRegistry
    {
        private int _asked;
        private volatile bool _sane;

        public RoomRoute? Route { get; init; }

        public bool Sane
        {
            set => _sane = value;
        }

        public int Asked => Volatile.Read(ref _asked);

        public bool Reachable => true;

        public Task<IReadOnlyList<RoomRoute?>> FindRoutesAsync(IReadOnlyList<RoomId> rooms, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _asked);
            return _sane ? Task.FromResult<IReadOnlyList<RoomRoute?>>([Route]) : throw new FormatException("nonsense");
        }

        public Task WatchAsync(Action<RoomId> routeChanged, Action<Revocation> revoked) => Task.CompletedTask;

        public Task<RouteAnswer> LookUpAsync(RoomId room, CancellationToken cancellation) => Task.FromResult(new RouteAnswer(Route, true));

        public Task<Revocation?> FindRevocationAsync(RoomId room, string participant, CancellationToken cancellation) => Task.FromResult<Revocation?>(null);

        public Task<IReadOnlyList<Revocation>> ListRevocationsAsync(RoomId room, CancellationToken cancellation) => Task.FromResult<IReadOnlyList<Revocation>>([]);

        public Task<bool> IsPresentAsync(RoomId room, string participant, CancellationToken cancellation) => Task.FromResult(false);

        public Task SetPresenceAsync(RoomId room, IReadOnlyCollection<Presence> present, CancellationToken cancellation) => Task.CompletedTask;

        public Task RemovePresenceAsync(RoomId room, string participant, NodeId node, CancellationToken cancellation) => Task.CompletedTask;

        public Task ClearPresenceAsync(RoomId room, CancellationToken cancellation) => Task.CompletedTask;

        public Task<IReadOnlyList<Heartbeat>> ListNodesAsync(CancellationToken cancellation) => Task.FromResult<IReadOnlyList<Heartbeat>>([]);

        public Task PublishAsync(Heartbeat heartbeat, bool isUrgent, CancellationToken cancellation) => Task.CompletedTask;

        public Task RemoveAsync(NodeId node, CancellationToken cancellation) => Task.CompletedTask;

        public Task<RoomRoute?> FindRouteAsync(RoomId room, CancellationToken cancellation) => Task.FromResult(Route);
    }
}
