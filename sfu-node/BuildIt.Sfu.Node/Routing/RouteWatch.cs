using System.Threading.Channels;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Rooms;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Follows the registry: at once by what it announces, and once a second by reading all that concerns this node, so that an
/// announcement that was lost costs a second and no more. While the registry is away nothing changes here.
/// </summary>
public sealed partial class RouteWatch(
    IRegionRegistry registry,
    RouteTable table,
    RoomKeeper keeper,
    RoomDirectory directory,
    RevocationList revocations,
    ServingLease lease,
    BackgroundFaults faults,
    TimeProvider time,
    ILogger<RouteWatch> logger) : BackgroundService
{
    private readonly RoomWork _routes = new("room_routes", faults);
    private readonly RoomWork _revocations = new("room_revocations", faults);
    private readonly RoomWork _presence = new("room_presence", faults);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Whole presence is written again this often, in sweeps.</summary>
    private const int PresenceEvery = 10;

    private readonly Channel<RoomId> _announced = Channel.CreateBounded<RoomId>(
        new BoundedChannelOptions(10_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Takes a route told by the operator itself.</summary>
    /// <returns>False and the newer route when this one is out of date.</returns>
    public async Task<(bool Taken, RoomRoute Current)> TellAsync(RoomRoute route, CancellationToken cancellation)
    {
        // It may have waited here while this node was stopped; then nothing tells whether it still holds.
        var taken = table.Learn(route, out var current, lease.Held ? time.GetTimestamp() : long.MinValue);
        await keeper.ApplyAsync(route.Room, cancellation);
        return (taken, current);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(FollowAsync(stoppingToken), SweepAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        while (await _announced.Reader.WaitToReadAsync(stopping))
        {
            var rooms = new HashSet<RoomId>();
            while (rooms.Count < 200 && _announced.Reader.TryRead(out var room))
            {
                rooms.Add(room);
            }

            await TryAsync("routes_announced", () => ReadRoutesAsync([.. rooms], stopping));
        }
    }

    private async Task SweepAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var watching = false;
        var sweeps = 0;
        do
        {
            if (!watching)
            {
                watching = await TryAsync("route_watch", () => registry.WatchAsync(
                    room => _announced.Writer.TryWrite(room),
                    revocation => _ = TryAsync("revocation", () => RevokeAsync(revocation))));
            }

            var wholePresence = sweeps++ % PresenceEvery == 0;
            await TryAsync("route_sweep", async () =>
            {
                var open = directory.Open.Select(host => new RoomId(host.Name)).ToList();
                await ReadRoutesAsync([.. table.Own().Select(route => route.Room).Union(open).Union(table.Concerned())], stopping);
            });
            foreach (var host in directory.Open)
            {
                var room = new RoomId(host.Name);
                _revocations.Start(room, () => ReadRevocationsAsync(host, stopping));
                if (wholePresence)
                {
                    _presence.Start(room, () => WritePresenceAsync(host, stopping));
                }
            }
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task ReadRoutesAsync(RoomId[] rooms, CancellationToken stopping)
    {
        var asked = time.GetTimestamp();
        foreach (var route in await registry.FindRoutesAsync(rooms, stopping))
        {
            if (route is null)
            {
                continue;
            }

            table.Learn(route, out var current, asked);
            _routes.Start(current.Room, () => keeper.ApplyAsync(current.Room, stopping));
        }
    }

    private async Task ReadRevocationsAsync(RoomHost host, CancellationToken stopping)
    {
        var room = new RoomId(host.Name);
        foreach (var revocation in await registry.ListRevocationsAsync(room, stopping))
        {
            await RevokeAsync(revocation with { Room = room });
        }
    }

    private async Task RevokeAsync(Revocation revocation)
    {
        revocations.Add(revocation);
        if (revocation.KeepsConnected)
        {
            return;
        }

        try
        {
            if (await directory.FindAsync(revocation.Room.Value) is not { } open)
            {
                return;
            }

            foreach (var part in open.WithParts)
            {
                if (await part.InvokeAsync((core, now) => core.Moderation.Revoke(revocation.Participant, revocation.NotBefore, now)))
                {
                    LogRevoked(revocation.Room);
                }
            }
        }
        catch (InvalidOperationException)
        {
            // The room's loop has stopped, and its participants with it.
        }
    }

    private async Task WritePresenceAsync(RoomHost host, CancellationToken stopping)
    {
        var members = (await Task.WhenAll(host.WithParts.Select(part => part.InvokeAsync((core, _) => core.Figures.MembersHere())))).SelectMany(here => here);
        await registry.SetPresenceAsync(
            new RoomId(host.Name),
            [.. members.Select(p => new Presence { Participant = p.Identity, Node = table.Self, JoinedAt = p.JoinedAt, Publishing = p.Publishes })],
            stopping);
    }

    /// <summary>Whatever happens in one round, the next one comes.</summary>
    private async Task<bool> TryAsync(string name, Func<Task> work)
    {
        try
        {
            await work();
            return true;
        }
        catch (RegistryUnavailableException)
        {
            // The heartbeat says in the log that the registry is away.
            return false;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            faults.Count(name, e);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A participant of room {Room} was removed: its tokens were revoked")]
    private partial void LogRevoked(RoomId room);
}
