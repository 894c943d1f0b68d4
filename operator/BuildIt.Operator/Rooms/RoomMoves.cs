using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using Phase = BuildIt.Operator.Api.RoomPhase;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Brings rooms to a pod: their first, or another because theirs is dead or they are to move. The status is written first and the route from it.
/// Any thread.
/// </summary>
internal sealed class RoomMoves(
    RoomLedgers ledgers,
    RoomSeating seating,
    RoomRouting routing,
    RoomStatusWriter writing,
    RoomJournal journal,
    RoomMetrics metrics,
    RoomTraces traces,
    IEventRecorder events,
    TimeProvider time)
{
    /// <summary>Places a room that has no pod.</summary>
    /// <param name="room">The room.</param>
    /// <param name="fleets">The fleets of its namespace.</param>
    /// <param name="seats">Its seats, the origin first; those beside it are kept.</param>
    /// <param name="avoid">A pod it must not go to; null when it may go to any.</param>
    /// <param name="isRecovering">It was on a pod before, which was lost.</param>
    /// <param name="why">Why.</param>
    /// <param name="losses">When pods died under it lately.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>When to look again.</returns>
    public async Task<TimeSpan?> PlaceAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, IReadOnlyList<ObservedSeat> seats, string? avoid, bool isRecovering, string why, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        var ns = room.Metadata.NamespaceProperty;
        using var span = traces.Placing(room, why);
        var placement = ledgers.Place(ns, PlacementRequests.Of(room, fleets, avoid, losses.Count));
        Note(room, placement);
        if (!placement.IsPlaced)
        {
            RoomTraces.Drop(span);
            var waiting = RoomStatusBuilder.Waiting(room, isRecovering ? Phase.Recovering : Phase.Pending, RoomEvents.Waiting, placement.Reason, time.GetUtcNow());
            if (await writing.WriteAsync(room, RoomStatusBuilder.Remembering(waiting, losses), cancellation).ConfigureAwait(false))
            {
                events.Warning(room, RoomEvents.Waiting, placement.Reason);
            }

            return RoomRetries.Usual;
        }

        if (EndpointOf(placement, fleets) is not { } endpoint)
        {
            RoomTraces.Drop(span);
            ledgers.Release(ns, room.Metadata.Name);
            return RoomRetries.Quick;
        }

        var status = RoomStatusBuilder.Placed(room, placement, endpoint, isRecovering ? Phase.Recovering : Phase.Ready, isRecovering, time.GetUtcNow());
        status = seating.WithEdges(room, fleets, seats, status);
        await writing.WritePlacementAsync(room, RoomStatusBuilder.Remembering(status, losses), cancellation).ConfigureAwait(false);
        traces.Placed(span, room, placement.Instance!, status.Generation);
        if (isRecovering)
        {
            RoomMetrics.FailedOver(ObjectKey.Of(room));
        }
        else
        {
            metrics.Placed(room);
        }

        events.Normal(room, isRecovering ? RoomEvents.FailedOver : RoomEvents.Placed, isRecovering ? $"{why}: now on {placement.Reason}" : $"on {placement.Reason}");
        return await routing.PublishAsync(room, avoid, again: false, cancellation).ConfigureAwait(false) ?? RoomRetries.TellAgain;
    }

    /// <summary>Places a room whose pod is dead.</summary>
    /// <returns>When to look again.</returns>
    public async Task<TimeSpan?> FailOverAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, string why, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        events.Warning(room, RoomEvents.OwnerLost, why);
        metrics.Lost(ObjectKey.Of(room));
        traces.Leaving(room, isLost: true, why);
        ledgers.Release(room.Metadata.NamespaceProperty, room.Metadata.Name);
        return await PlaceAsync(room, fleets, observed.Seats, observed.Observation.Instance, isRecovering: true, why, losses, cancellation).ConfigureAwait(false);
    }

    /// <summary>Makes an edge the origin, because the present one cannot stay.</summary>
    /// <returns>When to look again; null when no edge can take its place.</returns>
    public async Task<TimeSpan?> PromoteAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, RoomDecision decision, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        if (seating.PlanHeir(room, fleets, observed.Seats) is not { } plan)
        {
            return null;
        }

        var isLost = decision.Step is not RoomStep.Migrate;
        var leaving = observed.Observation.Instance!;
        var origin = plan.Seats[0];
        var reason = $"{decision.Reason}: {origin.Instance} in {origin.Region}, which served it already, is the origin now";
        traces.Leaving(room, isLost, decision.Reason);
        using var span = traces.Placing(room, reason);
        var status = RoomStatusBuilder.Promoted(room, plan, seat => RoomSeating.EndpointsOf(seat, fleets), reason, isLost, time.GetUtcNow());
        ledgers.Promote(room.Metadata.NamespaceProperty, room.Metadata.Name, status.Generation, plan.Seats);
        await writing.WritePlacementAsync(room, RoomStatusBuilder.Remembering(status, losses), cancellation).ConfigureAwait(false);
        traces.Placed(span, room, origin.Instance, status.Generation);
        if (isLost)
        {
            events.Warning(room, RoomEvents.OwnerLost, decision.Reason);
        }

        events.Normal(room, isLost ? RoomEvents.FailedOver : RoomEvents.Migrating, reason);
        seating.Tell(room, plan);
        return await routing.PublishAsync(room, leaving, again: false, cancellation).ConfigureAwait(false) ?? RoomRetries.TellAgain;
    }

    /// <summary>Moves a room to another pod; where there is none it stays.</summary>
    /// <returns>When to look again.</returns>
    public async Task<TimeSpan?> MoveAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, RoomDecision decision, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        var ns = room.Metadata.NamespaceProperty;
        var leaving = observed.Observation.Instance!;
        var lost = decision.Step is RoomStep.Evade;
        var phase = lost ? Phase.Recovering : Phase.Migrating;
        var placement = ledgers.Place(ns, PlacementRequests.Of(room, fleets, leaving, losses.Count) with { Only = decision.Target });
        Note(room, placement);
        if (decision.Target is not null && !placement.IsPlaced)
        {
            // A person's wish cannot be fulfilled: that is said once, and the room stays where it is.
            events.Warning(room, RoomEvents.MoveRefused, placement.Reason);
            await writing.SettleWishAsync(room, cancellation).ConfigureAwait(false);
            return RoomRetries.Quick;
        }

        if (!placement.IsPlaced || EndpointOf(placement, fleets) is not { } endpoint)
        {
            // A pod that is drained serves it meanwhile, and one that starts again will.
            if (placement.IsPlaced)
            {
                ledgers.Release(ns, room.Metadata.Name);
            }

            var reason = $"{decision.Reason}, and {placement.Reason}";
            var kept = RoomStatusBuilder.Kept(room, phase, observed.Report, reason, heard: true, time.GetUtcNow());
            await writing.WriteInTurnAsync(room, RoomStatusBuilder.Remembering(kept, losses), cancellation).ConfigureAwait(false);
            return RoomRetries.Usual;
        }

        if (lost)
        {
            events.Warning(room, RoomEvents.OwnerLost, decision.Reason);
            metrics.Lost(ObjectKey.Of(room));
        }

        traces.Leaving(room, lost, decision.Reason);
        using var span = traces.Placing(room, decision.Reason);
        var status = seating.WithEdges(room, fleets, observed.Seats, RoomStatusBuilder.Placed(room, placement, endpoint, phase, failedOver: lost, time.GetUtcNow()));
        await writing.WritePlacementAsync(room, RoomStatusBuilder.Remembering(status, losses), cancellation).ConfigureAwait(false);
        traces.Placed(span, room, placement.Instance!, status.Generation);
        if (lost)
        {
            RoomMetrics.FailedOver(ObjectKey.Of(room));
        }
        else
        {
            metrics.Moving(ObjectKey.Of(room), byHand: decision.Target is not null);
        }

        events.Normal(room, lost ? RoomEvents.FailedOver : RoomEvents.Migrating, $"{decision.Reason}: {(lost ? "now on" : "moves to")} {placement.Reason}");
        return await routing.PublishAsync(room, leaving, again: false, cancellation).ConfigureAwait(false) ?? RoomRetries.TellAgain;
    }

    private void Note(ConferenceRoom room, RoomPlacement placement) =>
        journal.Add(ObjectKey.Of(room), placement.IsPlaced ? "Placed" : "Found no pod", placement.Reason, time.GetUtcNow());

    private static string? EndpointOf(RoomPlacement placement, IReadOnlyList<FleetView> fleets) => fleets
        .FirstOrDefault(fleet => fleet.Key.Name == placement.Cluster)?
        .Find(placement.Instance!)?.Endpoints?.Signal is { Length: > 0 } endpoint ? endpoint : null;
}
