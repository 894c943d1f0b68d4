using BuildIt.Operator.Api;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>The routes that objects of rooms stand for.</summary>
internal static class RoomRoutes
{
    /// <summary>Null while the room has no pod.</summary>
    public static RoomRoute? Of(ConferenceRoom room)
    {
        if (room.Status is not { } status || Origin(status) is not { } origin)
        {
            return null;
        }

        var route = new RoomRoute
        {
            Room = new RoomId(room.Metadata.Name),
            Node = new NodeId(origin.Instance),
            Generation = status.Generation,
            Endpoint = origin.Endpoint ?? string.Empty,
            Region = origin.Region ?? string.Empty,
            State = status.Phase switch
            {
                // Whoever still serves it gives it up, and its clients are told that it is over.
                RoomPhase.Ended or RoomPhase.Quarantined => RoomRouteState.Ended,
                RoomPhase.Migrating => RoomRouteState.Migrating,
                _ => RoomRouteState.Serving,
            },
            Revision = status.Revision ?? 0,
            Sid = RoomSids.Of(room.Metadata.Uid),
            Seats = status.Assignments.Count > 1 ? [.. status.Assignments.Select(SeatOf)] : [],
            Limits = LimitsOf(room.Spec),
        };

        // Nodes read no route whose seats are no tree. A status that somebody has changed by hand is not to cost the room its origin, too.
        return route.IsTree() ? route : route with { Seats = [] };
    }

    public static RoomAssignment? Origin(ConferenceRoomStatus? status) => status?.Assignments.FirstOrDefault(a => a.Role is AssignmentRole.Origin);

    private static RoomSeat SeatOf(RoomAssignment assignment) => new()
    {
        Node = new NodeId(assignment.Instance),
        Region = assignment.Region ?? string.Empty,
        Cluster = assignment.Cluster,
        Role = assignment.Role is AssignmentRole.Origin ? SeatRole.Origin : SeatRole.Edge,
        Parent = assignment.Parent is { } parent ? new NodeId(parent) : null,
        Endpoint = assignment.Endpoint ?? string.Empty,
        Relay = assignment.Relay,
        RelayOutside = assignment.RelayOutside,
        RelayFingerprint = assignment.RelayFingerprint,
        MaxLinkBitsPerSecond = assignment.MaxLinkBandwidth?.BitsPerSecondOr(0) ?? 0,
        Closed = assignment.Closed == true,
    };

    private static RoomLimits LimitsOf(ConferenceRoomSpec spec) => new(
        spec.MaxParticipants,
        spec.Settings.Locked,
        spec.Settings.RequireApproval,
        spec.Settings.AllowScreenShare,
        spec.Settings.AllowRecording,
        (int)spec.EmptyTimeout.Or(TimeSpan.FromSeconds(300)).TotalSeconds,
        (int)spec.DepartureTimeout.Or(TimeSpan.FromSeconds(20)).TotalSeconds,
        spec.Settings.E2eeRequired);
}
