using System.Threading.Channels;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Signaling.Rooms;
using RoomRoute = BuildIt.Sfu.Contracts.RoomRoute;

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
    TimeProvider time,
    ILogger<RouteWatch> logger) : BackgroundService
{
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

            await TryAsync(() => ReadRoutesAsync([.. rooms], stopping));
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
                watching = await TryAsync(() => registry.WatchAsync(
                    room => _announced.Writer.TryWrite(room),
                    revocation => _ = RevokeAsync(revocation)));
            }

            var open = directory.Open.Select(host => new RoomId(host.Name)).ToList();
            var concerned = table.Own().Select(route => route.Room).Union(open).ToArray();
            await TryAsync(() => ReadRoutesAsync(concerned, stopping));
            var wholePresence = sweeps++ % PresenceEvery == 0;
            foreach (var host in directory.Open)
            {
                await TryAsync(() => ReadRevocationsAsync(host, stopping));
                if (wholePresence)
                {
                    await TryAsync(() => WritePresenceAsync(host, stopping));
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
            await keeper.ApplyAsync(current.Room, stopping);
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
            if (await directory.FindAsync(revocation.Room.Value) is { } open
                && await open.InvokeAsync((core, now) => core.Revoke(revocation.Participant, revocation.NotBefore, now)))
            {
                LogRevoked(revocation.Room);
            }
        }
        catch (InvalidOperationException)
        {
            // The room's loop has stopped, and its participants with it.
        }
    }

    private async Task WritePresenceAsync(RoomHost host, CancellationToken stopping)
    {
        var roll = await host.InvokeAsync((core, _) => core.Roll());
        await registry.SetPresenceAsync(
            new RoomId(host.Name),
            [.. roll.Select(p => new Presence { Participant = p.Identity, Node = table.Self, JoinedAt = p.JoinedAt, Publishing = p.Publishes })],
            stopping);
    }

    private async Task<bool> TryAsync(Func<Task> work)
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
        catch (InvalidOperationException e)
        {
            LogFailed(e);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "A participant of room {Room} was removed: its tokens were revoked")]
    private partial void LogRevoked(RoomId room);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A room could not be brought in line with its route; it is tried again")]
    private partial void LogFailed(Exception exception);
}
