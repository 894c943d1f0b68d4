using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Events;
using BuildIt.Operator.Runtime.Reconciliation;
using Phase = BuildIt.Operator.Api.RoomPhase;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Keeps a ConferenceRoom true: places it, follows its pod, moves it when the pod goes, ends it when it is over. The status is
/// written first and the route from it, so whoever comes after an operator that ended in between writes the same route.
/// </summary>
internal sealed class ConferenceRoomReconciler(
    RoomLedgers ledgers,
    RoomObserver observer,
    RoomMoves moves,
    RoomSeating seating,
    RoomRouting routing,
    RoomEnding ending,
    RoomStatusWriter writing,
    RoomJournal journal,
    RoomMetrics metrics,
    RoomTraces traces,
    IEventRecorder events,
    TimeProvider time) : IReconciler<ConferenceRoom>, IForgets
{
    public async Task<ReconcileResult> ReconcileAsync(ConferenceRoom entity, CancellationToken cancellationToken)
    {
        var view = observer.Fleets(entity.Metadata.NamespaceProperty);
        if (RoomRoutes.Origin(entity.Status) is { } origin ? view.Unplanned.Contains(origin.Cluster) : view.Waiting)
        {
            return ReconcileResult.After(RoomRetries.Quick);
        }

        var fleets = view.Known;
        var room = RoomObserver.Observe(entity, fleets, ledgers.Observe(entity), view.Unplanned);
        var now = time.GetUtcNow();
        var decision = RoomPlanner.Plan(room.Observation, now);
        journal.Add(ObjectKey.Of(entity), decision.Step.ToString(), decision.Reason, now);
        var losses = decision.IsLoss ? RestartIntensity.After(room.Observation, now) : RestartIntensity.Counting(room.Observation, now);
        var next = decision.Step switch
        {
            RoomStep.Quarantine => await ending.QuarantineAsync(entity, decision, losses, cancellationToken).ConfigureAwait(false),
            RoomStep.End => await ending.EndAsync(entity, decision.Reason, cancellationToken).ConfigureAwait(false),
            RoomStep.Delete => await ending.DeleteAsync(entity, cancellationToken).ConfigureAwait(false),
            RoomStep.FailOver or RoomStep.Evade or RoomStep.Migrate when room.Seats.Count > 1 && decision.Target is null
                && await moves.PromoteAsync(entity, fleets, room, decision, losses, cancellationToken).ConfigureAwait(false) is { } promoted => promoted,
            RoomStep.Place => await moves.PlaceAsync(
                entity, fleets, room.Seats, avoid: null, entity.Status?.Phase is Phase.Recovering or Phase.Quarantined, decision.Reason, losses, cancellationToken).ConfigureAwait(false),
            RoomStep.FailOver => await moves.FailOverAsync(entity, fleets, room, decision.Reason, losses, cancellationToken).ConfigureAwait(false),
            RoomStep.Evade or RoomStep.Migrate => await moves.MoveAsync(entity, fleets, room, decision, losses, cancellationToken).ConfigureAwait(false),
            _ => await KeepAsync(entity, fleets, room, decision, cancellationToken).ConfigureAwait(false),
        };
        var due = decision.NextDeadline - time.GetUtcNow();
        return new ReconcileResult(due is { } wait && !(next < wait) ? RoomRetries.Positive(wait) : next);
    }

    public void Forget(ObjectKey key)
    {
        ledgers.Forget(key);
        seating.Forget(key);
        routing.Forget(key);
        metrics.Forget(key);
        traces.Forget(key);
        ending.Forget(key);
        writing.Forget(key);
    }

    private async Task<TimeSpan?> KeepAsync(ConferenceRoom room, IReadOnlyList<FleetView> fleets, ObservedRoom observed, RoomDecision decision, CancellationToken cancellation)
    {
        if (observed.Observation.Instance is null)
        {
            return null;
        }

        var key = ObjectKey.Of(room);
        var (isArranged, refusal, next) = await seating.ArrangeAsync(room, fleets, observed, cancellation).ConfigureAwait(false);
        var now = time.GetUtcNow();
        var silent = observed.Seats[0].Report is null && observed.Observation.OwnerLiveness is Liveness.Alive;
        if (await routing.PublishAsync(room, null, again: silent && routing.IsOverdue(key, now), cancellation).ConfigureAwait(false) is { } retry)
        {
            return retry;
        }

        if (decision.IsDoubted)
        {
            await writing.WriteInTurnAsync(room, RoomStatusBuilder.Doubted(room, decision.Reason, now), cancellation).ConfigureAwait(false);
            return next;
        }

        if (isArranged)
        {
            // What its pods report is of the seats before.
            return RoomRetries.Sooner(next, RoomRetries.Usual);
        }

        var before = room.Status!.Phase;
        var status = RoomStatusBuilder.Kept(
            room, Enum.Parse<Phase>(decision.Phase.ToString()), observed.Report, decision.Reason, heard: observed.Report is not null || IsUnpublished(room), now);
        status = RoomStatusBuilder.WithSeats(room, status, observed.Seats, refusal, now);
        await writing.WriteInTurnAsync(room, status, cancellation).ConfigureAwait(false);
        if (decision.IsWishSettled && status.Phase is Phase.Ready)
        {
            await writing.SettleWishAsync(room, cancellation).ConfigureAwait(false);
        }

        if (before is Phase.Recovering or Phase.Migrating && status.Phase is Phase.Ready)
        {
            events.Normal(room, RoomEvents.Serving, decision.Reason);
            metrics.Serving(key);
            traces.Serving(key);
        }

        return silent ? RoomRetries.Sooner(next, RoomRetries.TellAgain) : next;
    }

    private static bool IsUnpublished(ConferenceRoom room) =>
        Conditions.Find(room.Status?.Conditions ?? [], ConferenceRoomConditions.Ready) is { Reason: RoomEvents.RegistryUnreachable };
}
