using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>Gives rooms that have an origin the seats that they are to have beside it. Any thread.</summary>
internal sealed class RoomSeating(RoomTopologies topologies, RoomStatusWriter writing, IEventRecorder events, TimeProvider time)
{
    /// <summary>Gives a room the seats that it is to have beside its origin.</summary>
    /// <returns>Whether it has other seats now, why it has no further one, and when to look again.</returns>
    public async Task<(bool IsChanged, string? Refusal, TimeSpan? Next)> ArrangeAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, CancellationToken cancellation)
    {
        var plan = topologies.Plan(room, observed.Seats, PlacementRequests.ClustersOf(room, fleets));
        var now = time.GetUtcNow();
        var next = plan.NextDeadline is { } at ? RoomRetries.Positive(at - now) : (TimeSpan?)null;
        if (!plan.IsChanged || plan.NeedsOrigin || plan.IsOriginChanged)
        {
            return (false, plan.Refusal, next);
        }

        await writing.WriteAsync(room, RoomStatusBuilder.Arranged(room, room.Status!, plan, seat => EndpointsOf(seat, fleets), now), cancellation).ConfigureAwait(false);
        Tell(room, plan);
        return (true, plan.Refusal, next);
    }

    /// <summary>The seats of a room one of whose edges is to be its origin; null when none can take its place.</summary>
    public TopologyDecision? PlanHeir(ConferenceRoom room, IReadOnlyList<FleetView> fleets, IReadOnlyList<ObservedSeat> seats) =>
        topologies.Plan(room, seats, PlacementRequests.ClustersOf(room, fleets)) is { NeedsOrigin: false, IsOriginChanged: true } plan ? plan : null;

    /// <summary>A room that is placed anew keeps its other seats, which hang on the new origin.</summary>
    public ConferenceRoomStatus WithEdges(ConferenceRoom room, IReadOnlyList<FleetView> fleets, IReadOnlyList<ObservedSeat> seats, ConferenceRoomStatus status)
    {
        var kept = seats.Skip(1).Where(seat => seat.Condition is not SeatCondition.Lost && seat.Assignment.Instance != status.Assignments[0].Instance).ToList();
        if (kept.Count == 0)
        {
            return status;
        }

        var plan = topologies.Plan(room, [new ObservedSeat(status.Assignments[0], null, null, SeatCondition.Serving), .. kept], PlacementRequests.ClustersOf(room, fleets));
        return plan.NeedsOrigin || plan.IsOriginChanged
            ? status
            : RoomStatusBuilder.Arranged(
                room, status with { Assignments = [.. status.Assignments, .. kept.Select(seat => seat.Assignment)] }, plan, seat => EndpointsOf(seat, fleets), time.GetUtcNow());
    }

    /// <summary>Tells of each change of a room's seats.</summary>
    public void Tell(ConferenceRoom room, TopologyDecision plan)
    {
        foreach (var change in plan.Changes)
        {
            var reason = change.Kind switch
            {
                SeatChangeKind.Add => RoomEvents.SeatAdded,
                SeatChangeKind.Move => RoomEvents.SeatMoved,
                SeatChangeKind.Promote => RoomEvents.SeatPromoted,
                _ => RoomEvents.SeatRemoved,
            };
            events.Normal(room, reason, $"{change.Instance}: {change.Reason}");
        }
    }

    public void Forget(ObjectKey room) => topologies.Forget(room);

    /// <summary>Where the pod of a seat is reached; null when that is not known.</summary>
    public static NodeEndpoints? EndpointsOf(PlannedSeat seat, IReadOnlyList<FleetView> fleets) =>
        fleets.FirstOrDefault(fleet => fleet.Key.Name == seat.Cluster)?.Find(seat.Instance)?.Endpoints;
}
