using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Base;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Brings the rooms open here in line with their routes: opens what the route gives this node, takes over its settings, sends
/// the clients of a room that has moved on, and ends what is over. Idempotent; one room is worked on once at a time,
/// and none waits for another. Thread-safe.
/// </summary>
public sealed partial class RoomKeeper(
    RouteTable table, RoomClosings closings, RoomDirectory directory, LiveKitOptions options, RelayKeeper relays, ILogger<RoomKeeper> logger)
{
    private readonly RoomLocks _locks = new();

    /// <summary>Applies the newest route known of a room.</summary>
    /// <returns>The open room, when this node serves it.</returns>
    public async Task<RoomHost?> ApplyAsync(RoomId room, CancellationToken cancellation)
    {
        using var turn = await _locks.EnterAsync(room, cancellation);
        if (!table.TryFind(room, out var route))
        {
            return null;
        }

        if (route.State == RoomRouteState.Ended || (route.Node == table.Self && closings.Has(route)))
        {
            await EndAsync(route, DisconnectReason.RoomDeleted, RoomEndReason.RoomEndApiDelete, LeaveAction.Disconnect);
            return null;
        }

        if (!route.Names(table.Self))
        {
            await EndAsync(route, DisconnectReason.Migration, RoomEndReason.RoomEndSuperseded, LeaveAction.Reconnect);
            return null;
        }

        return await ServeAsync(route, cancellation);
    }

    private async Task<RoomHost> ServeAsync(RoomRoute route, CancellationToken cancellation)
    {
        var name = route.Room.Value;
        var open = await directory.FindAsync(name);
        if (open is null)
        {
            using var span = RoomSpans.Opening(route);
            LogServing(route.Room, route.Generation);
            open = await directory.GetOrOpenAsync(With(options.OptionsFor(name), route) with { TakenOver = route.Generation > 1, Sid = route.Sid });
        }
        else
        {
            await open.ReconfigureAsync(before => With(before, route));
        }

        await relays.ApplyAsync(open, route, cancellation);
        return open;
    }

    private async Task EndAsync(RoomRoute route, DisconnectReason reason, RoomEndReason why, LeaveAction action)
    {
        await relays.EndAsync(route.Room);
        if (await directory.FindAsync(route.Room.Value) is { } open)
        {
            var participants = await open.EndAsync(reason, why, action);
            LogGivenUp(route.Room, route.Generation, participants, why == RoomEndReason.RoomEndSuperseded ? "it is served elsewhere now" : "it is over");
        }
    }

    /// <summary>The operator sees every pod of the room and ends it; a node alone would end it where it happens to be empty.</summary>
    private RoomOptions With(RoomOptions options, RoomRoute route) => options with
    {
        EndsWhenEmpty = false,
        IsEdge = route.Node != table.Self,
        NodeName = table.Self.Value,
        MaxParticipants = route.Limits.MaxParticipants,
        AllowScreenShare = route.Limits.AllowScreenShare,
        E2eeRequired = options.E2eeRequired || route.Limits.E2eeRequired,
        EmptyTimeout = TimeSpan.FromSeconds(route.Limits.EmptyTimeoutSeconds),
        DepartureTimeout = TimeSpan.FromSeconds(route.Limits.DepartureTimeoutSeconds),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Room {Room} is served here, generation {Generation}")]
    private partial void LogServing(RoomId room, long generation);

    [LoggerMessage(Level = LogLevel.Information, Message = "Room {Room} is given up at generation {Generation} with {Participants} participants: {Reason}")]
    private partial void LogGivenUp(RoomId room, long generation, int participants, string reason);
}
