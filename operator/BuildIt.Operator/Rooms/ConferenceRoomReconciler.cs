using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Operator.Runtime.Writing;
using BuildIt.Sfu.Contracts;
using Phase = BuildIt.Operator.Api.RoomPhase;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Keeps a ConferenceRoom true: places it, follows its pod, moves it when the pod goes, ends it when it is over. The status is
/// written first and the route from it, so whoever comes after an operator that ended in between writes the same route.
/// </summary>
internal sealed class ConferenceRoomReconciler(
    RoomLedgers ledgers,
    RoomObserver observer,
    RoomTopologies topologies,
    RoutePublisher routes,
    RoomFences fences,
    CountWrites counts,
    RoomJournal journal,
    RoomMetrics metrics,
    RoomTraces traces,
    RoomSeats seats,
    UsageWebhook usage,
    RoomPrices prices,
    ObjectWriter writer,
    IEventRecorder events,
    TimeProvider time) : IReconciler<ConferenceRoom>, IForgets
{
    /// <summary>A pod that does not report a room it was given so long ago is told again.</summary>
    private static readonly TimeSpan TellAgain = TimeSpan.FromSeconds(3);

    /// <summary>Takes a person's wish off an object.</summary>
    private static readonly Dictionary<string, string?> NoMoveTo = new() { [SfuApi.MoveTo] = null };

    private static readonly Dictionary<string, string?> Nothing = [];

    private static readonly TimeSpan QuickRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    public async Task<ReconcileResult> ReconcileAsync(ConferenceRoom entity, CancellationToken cancellationToken)
    {
        var ns = entity.Metadata.NamespaceProperty;
        var view = observer.Fleets(ns);
        if (RoomRoutes.Origin(entity.Status) is { } origin ? view.Unplanned.Contains(origin.Cluster) : view.Waiting)
        {
            return ReconcileResult.After(QuickRetry);
        }

        var fleets = view.Known;
        var room = RoomObserver.Observe(entity, fleets, ledgers.Observe(entity), view.Unplanned);
        var now = time.GetUtcNow();
        var decision = RoomPlanner.Plan(room.Observation, now);
        journal.Add(ObjectKey.Of(entity), decision.Step.ToString(), decision.Reason, now);
        var losses = decision.IsLoss ? RestartIntensity.After(room.Observation, now) : RestartIntensity.Counting(room.Observation, now);
        var next = decision.Step switch
        {
            RoomStep.Quarantine => await QuarantineAsync(entity, decision, losses, cancellationToken).ConfigureAwait(false),
            RoomStep.End => await EndAsync(entity, decision.Reason, cancellationToken).ConfigureAwait(false),
            RoomStep.Delete => await DeleteAsync(entity, cancellationToken).ConfigureAwait(false),
            RoomStep.FailOver or RoomStep.Evade or RoomStep.Migrate when room.Seats.Count > 1 && decision.Target is null
                && await PromoteAsync(entity, fleets, room, decision, losses, cancellationToken).ConfigureAwait(false) is { } promoted => promoted,
            RoomStep.Place => await PlaceAsync(entity, fleets, room.Seats, entity.Status?.Phase is Phase.Recovering or Phase.Quarantined, null, decision.Reason, losses, cancellationToken).ConfigureAwait(false),
            RoomStep.FailOver => await FailOverAsync(entity, fleets, room, decision.Reason, losses, cancellationToken).ConfigureAwait(false),
            RoomStep.Evade or RoomStep.Migrate => await MoveAsync(entity, fleets, room, decision, losses, cancellationToken).ConfigureAwait(false),
            _ => await KeepAsync(entity, fleets, room, decision, cancellationToken).ConfigureAwait(false),
        };
        var due = decision.NextDeadline - time.GetUtcNow();
        return new ReconcileResult(due is { } wait && !(next < wait) ? Positive(wait) : next);
    }

    public void Forget(ObjectKey key)
    {
        ledgers.Forget(key);
        topologies.Forget(key);
        routes.Forget(key);
        metrics.Forget(key);
        traces.Forget(key);
        seats.Forget(key);
        usage.Forget(key);
        fences.Forget(key);
        counts.Settle(key);
    }

    /// <summary>Ends the room everywhere. Done when the registry has been told.</summary>
    /// <returns>When to try again; null when it is done.</returns>
    public async Task<TimeSpan?> EndAsync(ConferenceRoom room, string reason, CancellationToken cancellation)
    {
        var ns = room.Metadata.NamespaceProperty;
        if (room.Status?.Phase is not Phase.Ended)
        {
            var ended = RoomStatusBuilder.Ended(room, reason, told: false, time.GetUtcNow());
            await WriteNowAsync(room, ended, cancellation).ConfigureAwait(false);
            events.Normal(room, RoomEvents.Ended, ended.DeletesAt is { } at ? $"{reason}; its object is deleted at {at:yyyy-MM-dd'T'HH:mm:ss'Z'}" : reason);
        }

        ledgers.Forget(ObjectKey.Of(room));
        if (RoomRoutes.Of(room) is { } route)
        {
            // A newer one of this name that somebody remembers is over as well: there is no other object.
            route = route with { Generation = Math.Max(route.Generation, fences.Of(ObjectKey.Of(room))) };
            var published = await routes.PublishAsync(ns, route, ServedBy(room), null, again: false, cancellation).ConfigureAwait(false);
            if (published.NewerGeneration > 0)
            {
                published = await routes.PublishAsync(ns, route with { Generation = published.NewerGeneration }, ServedBy(room), null, again: false, cancellation).ConfigureAwait(false);
            }

            if (!published.Written)
            {
                return Retry;
            }
        }

        await WriteNowAsync(room, RoomStatusBuilder.Ended(room, ReasonOf(room) ?? reason, told: true, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        return await TellUsageAsync(room, cancellation).ConfigureAwait(false);
    }

    /// <summary>Has the usage webhook told of a room that has ended, where there is one and it has not been yet.</summary>
    /// <returns>When to try again; null when nobody is to be told any more.</returns>
    private async Task<TimeSpan?> TellUsageAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        if (!usage.IsOwed(room))
        {
            return null;
        }

        if (await usage.SendAsync(room, cancellation).ConfigureAwait(false) is { } again)
        {
            return again;
        }

        // Killed in between, it is told once more.
        await writer.UpdateStatusAsync(room, room.Status! with { Usage = room.Status.Usage! with { Delivered = true } }, cancellation).ConfigureAwait(false);
        return null;
    }

    /// <summary>Deletes the object; the finalizer does the rest.</summary>
    private async Task<TimeSpan?> DeleteAsync(ConferenceRoom room, CancellationToken cancellation)
    {
        if (time.GetUtcNow() - room.Status!.DeletesAt?.ToUniversalTime() < UsageWebhook.Patience && await TellUsageAsync(room, cancellation).ConfigureAwait(false) is { } owed)
        {
            return owed;
        }

        events.Normal(room, RoomEvents.Deleting, $"it ended at {room.Status!.EndedAt:yyyy-MM-dd'T'HH:mm:ss'Z'}, and ttlAfterEnded is {room.Spec.TtlAfterEnded}");

        // Somebody may have changed their mind in this moment.
        await writer.DeleteUnchangedAsync(room, cancellation).ConfigureAwait(false);
        return Retry;
    }

    private async Task<TimeSpan?> PlaceAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, IReadOnlyList<ObservedSeat> seats, bool failedOver, string? avoid, string why, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        var ns = room.Metadata.NamespaceProperty;
        using var span = traces.Placing(room, why);
        var placement = ledgers.Place(ns, PlacementRequests.Of(room, fleets, avoid, losses.Count));
        Note(room, placement);
        if (!placement.IsPlaced)
        {
            RoomTraces.Drop(span);
            var waiting = RoomStatusBuilder.Waiting(room, failedOver ? Phase.Recovering : Phase.Pending, RoomEvents.Waiting, placement.Reason, time.GetUtcNow());
            if (await WriteNowAsync(room, RoomStatusBuilder.Remembering(waiting, losses), cancellation).ConfigureAwait(false))
            {
                events.Warning(room, RoomEvents.Waiting, placement.Reason);
            }

            return Retry;
        }

        if (EndpointOf(placement, fleets) is not { } endpoint)
        {
            RoomTraces.Drop(span);
            ledgers.Release(ns, room.Metadata.Name);
            return QuickRetry;
        }

        var status = RoomStatusBuilder.Placed(room, placement, endpoint, failedOver ? Phase.Recovering : Phase.Ready, failedOver, time.GetUtcNow());
        status = WithEdges(room, fleets, seats, status);
        await WritePlacementAsync(room, RoomStatusBuilder.Remembering(status, losses), cancellation).ConfigureAwait(false);
        traces.Placed(span, room, placement.Instance!, status.Generation);
        if (failedOver)
        {
            RoomMetrics.FailedOver(ObjectKey.Of(room));
        }
        else
        {
            metrics.Placed(room);
        }

        events.Normal(room, failedOver ? RoomEvents.FailedOver : RoomEvents.Placed, failedOver ? $"{why}: now on {placement.Reason}" : $"on {placement.Reason}");
        return await PublishAsync(room, avoid, again: false, cancellation).ConfigureAwait(false) ?? TellAgain;
    }

    private async Task<TimeSpan?> FailOverAsync(ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, string why, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        events.Warning(room, RoomEvents.OwnerLost, why);
        metrics.Lost(ObjectKey.Of(room));
        traces.Leaving(room, isLost: true, why);
        ledgers.Release(room.Metadata.NamespaceProperty, room.Metadata.Name);
        return await PlaceAsync(room, fleets, observed.Seats, failedOver: true, observed.Observation.Instance, why, losses, cancellation).ConfigureAwait(false);
    }

    /// <summary>Makes an edge the origin, because the present one cannot stay.</summary>
    /// <returns>When to look again; null when no edge can take its place.</returns>
    private async Task<TimeSpan?> PromoteAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, RoomDecision decision, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        var plan = topologies.Plan(room, observed.Seats, PlacementRequests.ClustersOf(room, fleets));
        if (plan is not { NeedsOrigin: false, IsOriginChanged: true })
        {
            return null;
        }

        var isLost = decision.Step is not RoomStep.Migrate;
        var leaving = observed.Observation.Instance!;
        var origin = plan.Seats[0];
        var reason = $"{decision.Reason}: {origin.Instance} in {origin.Region}, which served it already, is the origin now";
        traces.Leaving(room, isLost, decision.Reason);
        using var span = traces.Placing(room, reason);
        var status = RoomStatusBuilder.Promoted(room, plan, seat => EndpointsOf(seat, fleets), reason, isLost, time.GetUtcNow());
        ledgers.Promote(room.Metadata.NamespaceProperty, room.Metadata.Name, status.Generation, plan.Seats);
        await WritePlacementAsync(room, RoomStatusBuilder.Remembering(status, losses), cancellation).ConfigureAwait(false);
        traces.Placed(span, room, origin.Instance, status.Generation);
        if (isLost)
        {
            events.Warning(room, RoomEvents.OwnerLost, decision.Reason);
        }

        events.Normal(room, isLost ? RoomEvents.FailedOver : RoomEvents.Migrating, reason);
        Tell(room, plan);
        return await PublishAsync(room, leaving, again: false, cancellation).ConfigureAwait(false) ?? TellAgain;
    }

    /// <summary>Gives a room the seats that it is to have beside its origin.</summary>
    /// <returns>Whether it has other seats now, why it has no further one, and when to look again.</returns>
    private async Task<(bool IsChanged, string? Refusal, TimeSpan? Next)> ArrangeAsync(
        ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, CancellationToken cancellation)
    {
        var plan = topologies.Plan(room, observed.Seats, PlacementRequests.ClustersOf(room, fleets));
        var now = time.GetUtcNow();
        var next = plan.NextDeadline is { } at ? Positive(at - now) : (TimeSpan?)null;
        if (!plan.IsChanged || plan.NeedsOrigin || plan.IsOriginChanged)
        {
            return (false, plan.Refusal, next);
        }

        await WriteNowAsync(room, RoomStatusBuilder.Arranged(room, room.Status!, plan, seat => EndpointsOf(seat, fleets), now), cancellation).ConfigureAwait(false);
        Tell(room, plan);
        return (true, plan.Refusal, next);
    }

    private void Tell(ConferenceRoom room, TopologyDecision plan)
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

    /// <summary>A room that is placed anew keeps its other seats, which hang on the new origin.</summary>
    private ConferenceRoomStatus WithEdges(ConferenceRoom room, IReadOnlyList<FleetView> fleets, IReadOnlyList<ObservedSeat> seats, ConferenceRoomStatus status)
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

    /// <summary>Takes the room from its clients and leaves it without a pod.</summary>
    private async Task<TimeSpan?> QuarantineAsync(ConferenceRoom room, RoomDecision decision, IReadOnlyList<DateTimeOffset> losses, CancellationToken cancellation)
    {
        if (decision.IsLoss)
        {
            var status = RoomStatusBuilder.Quarantined(room, decision.Reason, losses, time.GetUtcNow());
            await WriteNowAsync(room, status, cancellation).ConfigureAwait(false);
            events.Warning(room, RoomEvents.Quarantined, Conditions.Find(status.Conditions, ConferenceRoomConditions.Quarantined)!.Message);
        }

        ledgers.Forget(ObjectKey.Of(room));
        if (RoomRoutes.Of(room) is not { } route)
        {
            return null;
        }

        var published = await routes.PublishAsync(room.Metadata.NamespaceProperty, route, ServedBy(room), null, again: false, cancellation).ConfigureAwait(false);
        if (!published.Written && published.NewerGeneration == 0)
        {
            return Retry;
        }

        await WriteNowAsync(room, RoomStatusBuilder.WithoutPod(room), cancellation).ConfigureAwait(false);
        return null;
    }

    /// <summary>Moves a room to another pod; where there is none it stays.</summary>
    private async Task<TimeSpan?> MoveAsync(
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
            return await RefuseMoveAsync(room, placement.Reason, cancellation).ConfigureAwait(false);
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
            await WriteAsync(room, RoomStatusBuilder.Remembering(kept, losses), cancellation).ConfigureAwait(false);
            return Retry;
        }

        if (lost)
        {
            events.Warning(room, RoomEvents.OwnerLost, decision.Reason);
            metrics.Lost(ObjectKey.Of(room));
        }

        traces.Leaving(room, lost, decision.Reason);
        using var span = traces.Placing(room, decision.Reason);
        var status = WithEdges(room, fleets, observed.Seats, RoomStatusBuilder.Placed(room, placement, endpoint, phase, failedOver: lost, time.GetUtcNow()));
        await WritePlacementAsync(room, RoomStatusBuilder.Remembering(status, losses), cancellation).ConfigureAwait(false);
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
        return await PublishAsync(room, leaving, again: false, cancellation).ConfigureAwait(false) ?? TellAgain;
    }

    /// <summary>A person's wish cannot be fulfilled: that is said once, and the room stays where it is.</summary>
    private async Task<TimeSpan?> RefuseMoveAsync(ConferenceRoom room, string reason, CancellationToken cancellation)
    {
        events.Warning(room, RoomEvents.MoveRefused, reason);
        await writer.AnnotateAsync(room, NoMoveTo, Nothing, cancellation).ConfigureAwait(false);
        return QuickRetry;
    }

    private async Task<TimeSpan?> KeepAsync(ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, RoomDecision decision, CancellationToken cancellation)
    {
        if (observed.Observation.Instance is null)
        {
            return null;
        }

        var key = ObjectKey.Of(room);
        var (isArranged, refusal, next) = await ArrangeAsync(room, fleets, observed, cancellation).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var silent = observed.Seats[0].Report is null && observed.Observation.OwnerLiveness is Planning.Health.Liveness.Alive;
        var again = silent && routes.PublishedAt(key) + TellAgain <= now;
        if (await PublishAsync(room, null, again, cancellation).ConfigureAwait(false) is { } retry)
        {
            return retry;
        }

        if (decision.IsDoubted)
        {
            await WriteAsync(room, RoomStatusBuilder.Doubted(room, decision.Reason, now), cancellation).ConfigureAwait(false);
            return next;
        }

        if (isArranged)
        {
            // What its pods report is of the seats before.
            return Sooner(next, Retry);
        }

        var before = room.Status!.Phase;
        var status = RoomStatusBuilder.Kept(
            room, Enum.Parse<Phase>(decision.Phase.ToString()), observed.Report, decision.Reason, heard: observed.Report is not null || IsUnpublished(room), now);
        status = RoomStatusBuilder.WithSeats(room, status, observed.Seats, refusal, now);
        await WriteAsync(room, status, cancellation).ConfigureAwait(false);
        if (decision.IsWishSettled && status.Phase is Phase.Ready)
        {
            await writer.AnnotateAsync(room, NoMoveTo, Nothing, cancellation).ConfigureAwait(false);
        }

        if (before is Phase.Recovering or Phase.Migrating && status.Phase is Phase.Ready)
        {
            events.Normal(room, RoomEvents.Serving, decision.Reason);
            metrics.Serving(key);
            traces.Serving(key);
        }

        return silent ? Sooner(next, TellAgain) : next;
    }

    /// <summary>Publishes the route of the status.</summary>
    /// <returns>When to try again; null when it is published.</returns>
    private async Task<TimeSpan?> PublishAsync(ConferenceRoom room, string? previous, bool again, CancellationToken cancellation)
    {
        var route = traces.TracedRoute(room)!;
        if (fences.Of(ObjectKey.Of(room)) is var fence && fence > route.Generation)
        {
            return await RenumberAsync(room, fence, cancellation).ConfigureAwait(false);
        }

        var published = await routes.PublishAsync(room.Metadata.NamespaceProperty, route, ServedBy(room), previous, again, cancellation).ConfigureAwait(false);
        if (published.Written)
        {
            return null;
        }

        if (published.NewerGeneration > 0)
        {
            return await RenumberAsync(room, published.NewerGeneration + 1, cancellation).ConfigureAwait(false);
        }

        await WriteNowAsync(room, RoomStatusBuilder.Unpublished(room, time.GetUtcNow()), cancellation).ConfigureAwait(false);
        return Retry;
    }

    /// <summary>A room of this name was here before; its number is passed, or nodes would take this one for the older.</summary>
    private async Task<TimeSpan?> RenumberAsync(ConferenceRoom room, long generation, CancellationToken cancellation)
    {
        await WritePlacementAsync(room, room.Status! with { Generation = generation }, cancellation).ConfigureAwait(false);
        events.Normal(room, RoomEvents.Renumbered, $"a room of this name was at generation {generation - 1}");
        return TimeSpan.FromMilliseconds(1);
    }

    private async Task WritePlacementAsync(ConferenceRoom room, ConferenceRoomStatus status, CancellationToken cancellation)
    {
        try
        {
            await WriteNowAsync(room, status, cancellation).ConfigureAwait(false);
        }
        catch
        {
            ledgers.Release(room.Metadata.NamespaceProperty, room.Metadata.Name);
            throw;
        }
    }

    /// <summary>Writes a status; one that only counts people differently waits until it is called.</summary>
    private async Task WriteAsync(ConferenceRoom room, ConferenceRoomStatus status, CancellationToken cancellation)
    {
        var key = ObjectKey.Of(room);
        var written = room.Status!;
        if (!RoomStatusBuilder.DifferOnlyInNumbers(written, status))
        {
            await WriteNowAsync(room, status, cancellation).ConfigureAwait(false);
        }
        else if (RoomStatusBuilder.HaveSameNumbers(written, status))
        {
            counts.Settle(key);
        }
        else if (counts.Ask(key))
        {
            await WriteNowAsync(room, status, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<bool> WriteNowAsync(ConferenceRoom room, ConferenceRoomStatus status, CancellationToken cancellation)
    {
        // What it has used is no reason to write, and goes along with whatever is.
        status = WithUse(room, status);
        var written = await writer.UpdateStatusAsync(room, status, cancellation).ConfigureAwait(false);
        if (written)
        {
            counts.Wrote(ObjectKey.Of(room));
        }

        return written;
    }

    private void Note(ConferenceRoom room, RoomPlacement placement) =>
        journal.Add(ObjectKey.Of(room), placement.IsPlaced ? "Placed" : "Found no pod", placement.Reason, time.GetUtcNow());

    private ConferenceRoomStatus WithUse(ConferenceRoom room, ConferenceRoomStatus status)
    {
        if (room.Status is { } before && RoomStatusBuilder.IsSame(before, status))
        {
            return status;
        }

        var key = ObjectKey.Of(room);
        var (counts, peak) = seats.Of(key);
        if (counts.Count == 0 && status.Usage is null)
        {
            return status;
        }

        // A room that is on several pods has more people than any of them.
        return status with { Usage = RoomUse.Merge(status.Usage, counts, Math.Max(peak, status.Participants), prices.Of(key.Namespace), status.Phase is Phase.Ended, time.GetUtcNow()) };
    }

    private static string? ReasonOf(ConferenceRoom room) =>
        Conditions.Find(room.Status?.Conditions ?? [], ConferenceRoomConditions.Ready) is { Reason: RoomEvents.Ended } ended ? ended.Message : null;

    private static bool IsUnpublished(ConferenceRoom room) =>
        Conditions.Find(room.Status?.Conditions ?? [], ConferenceRoomConditions.Ready) is { Reason: RoomEvents.RegistryUnreachable };

    private static string? EndpointOf(RoomPlacement placement, IReadOnlyList<FleetView> fleets) => fleets
        .FirstOrDefault(fleet => fleet.Key.Name == placement.Cluster)?
        .Find(placement.Instance!)?.Endpoints?.Signal is { Length: > 0 } endpoint ? endpoint : null;

    private static NodeEndpoints? EndpointsOf(PlannedSeat seat, IReadOnlyList<FleetView> fleets) =>
        fleets.FirstOrDefault(fleet => fleet.Key.Name == seat.Cluster)?.Find(seat.Instance)?.Endpoints;

    private static HashSet<string> ServedBy(ConferenceRoom room) =>
        (room.Status?.Assignments ?? []).Select(assignment => assignment.Cluster).ToHashSet(StringComparer.Ordinal);

    private static TimeSpan Sooner(TimeSpan? one, TimeSpan other) => one < other ? one.Value : other;

    private static TimeSpan Positive(TimeSpan wait) => wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1);
}
