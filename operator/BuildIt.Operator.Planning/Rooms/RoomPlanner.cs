using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Rooms;

/// <summary>Decides what becomes of a room.</summary>
public static class RoomPlanner
{
    public static RoomDecision Plan(RoomObservation room, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(room);
        var deadlines = new Deadlines(now);
        var decision = End(room, now, deadlines) ?? Quarantine(room, now, deadlines) ?? Owner(room, now);
        return decision with
        {
            NextDeadline = decision.Step is RoomStep.End ? Deletion(room, now) : deadlines.Next,
            IsWishSettled = room.MoveTo is not null && room.MoveTo == room.Instance && decision is { Step: RoomStep.Keep, Phase: RoomPhase.Ready, IsDoubted: false },
        };
    }

    /// <summary>When the object of a room that ends now, or has ended, is to be deleted.</summary>
    private static DateTimeOffset? Deletion(RoomObservation room, DateTimeOffset now) => (room.EndedAt ?? now) + room.TtlAfterEnded;

    private static RoomDecision? End(RoomObservation room, DateTimeOffset now, Deadlines deadlines)
    {
        if (room.Phase is RoomPhase.Ended)
        {
            return room.EndedAt + room.TtlAfterEnded <= now
                ? new RoomDecision(RoomStep.Delete, RoomPhase.Ended, "it ended long enough ago")
                : new RoomDecision(RoomStep.End, RoomPhase.Ended, "it has ended");
        }

        if (room.Deleting)
        {
            return new RoomDecision(RoomStep.End, RoomPhase.Ended, "it was deleted");
        }

        if (Over(room.ExpiresAt, now, deadlines))
        {
            return new RoomDecision(RoomStep.End, RoomPhase.Ended, "its time is over");
        }

        if (room.EndRequested)
        {
            return new RoomDecision(RoomStep.End, RoomPhase.Ended, "its application ended it");
        }

        // A silent pod does not make its rooms empty: without a report nobody is known to have left.
        if (room.Occupancy is not { Participants: <= 0 } occupancy)
        {
            return null;
        }

        if (occupancy.EverJoined)
        {
            return Over(occupancy.EmptySince + room.DepartureTimeout, now, deadlines)
                ? new RoomDecision(RoomStep.End, RoomPhase.Ended, "everybody has left")
                : null;
        }

        // The time a room had to wait for its pod is not held against those who are to join it.
        var since = room.PlacedAt > room.CreatedAt ? room.PlacedAt.Value : room.CreatedAt;
        return Over(since + room.EmptyTimeout, now, deadlines)
            ? new RoomDecision(RoomStep.End, RoomPhase.Ended, "nobody has joined")
            : null;
    }

    private static RoomDecision? Quarantine(RoomObservation room, DateTimeOffset now, Deadlines deadlines)
    {
        if (room.Phase is not RoomPhase.Quarantined || RestartIntensity.IsReleased(room))
        {
            return null;
        }

        return room.QuarantinedUntil is { } until && !Over(until, now, deadlines)
            ? new RoomDecision(RoomStep.Quarantine, RoomPhase.Quarantined, "its pods died under it again and again")
            : null;
    }

    private static RoomDecision Owner(RoomObservation room, DateTimeOffset now)
    {
        if (room.Phase is RoomPhase.Quarantined)
        {
            return new RoomDecision(RoomStep.Place, RoomPhase.Recovering, RestartIntensity.IsReleased(room) ? "its quarantine was lifted" : "its quarantine is over");
        }

        if (room.Instance is null)
        {
            return new RoomDecision(RoomStep.Place, room.Phase is RoomPhase.Recovering ? RoomPhase.Recovering : RoomPhase.Pending, "it has no pod");
        }

        switch (room.OwnerLiveness)
        {
            case null:
                return new RoomDecision(RoomStep.FailOver, RoomPhase.Recovering, $"{room.Instance} is gone");
            case Liveness.Dead:
                return Lost(room, RoomStep.FailOver, $"{room.Instance} is dead", now);
            case Liveness.Leaving:
                return new RoomDecision(RoomStep.FailOver, RoomPhase.Recovering, $"{room.Instance} is being deleted");
            case Liveness.Restarting:
                return Lost(room, RoomStep.Evade, $"the process of {room.Instance} has ended", now);
            case Liveness.Suspect when room.OwnerHeld:
                return new RoomDecision(RoomStep.Keep, room.Phase, $"every pod of its fleet is silent, {room.Instance} too; whether it is served is not known")
                {
                    IsDoubted = true,
                };
            case Liveness.Suspect:
                return new RoomDecision(RoomStep.Keep, room.Phase, $"{room.Instance} is suspect; it keeps the room until a second witness speaks");
        }

        // A person's wish goes before a drain, which any pod would satisfy, and holds in a paused fleet: pods are frozen, not rooms.
        if (room.MoveTo is { } target && target != room.Instance)
        {
            return new RoomDecision(RoomStep.Migrate, RoomPhase.Migrating, $"its move to {target} was asked for by hand") { Target = target };
        }

        // Whoever pauses a fleet keeps its pods as they are, and with them the drains that have begun; not what dies.
        if (room.OwnerMigrates && !room.OwnerHeld)
        {
            return new RoomDecision(RoomStep.Migrate, RoomPhase.Migrating, $"{room.Instance} is being drained");
        }

        // Moving and recovering are over when the new owner says that it has the room.
        var settling = room.Phase is RoomPhase.Migrating or RoomPhase.Recovering && room.Occupancy is null;
        return settling
            ? new RoomDecision(RoomStep.Keep, room.Phase, $"{room.Instance} has not taken the room yet")
            : new RoomDecision(RoomStep.Keep, RoomPhase.Ready, $"{room.Instance} serves it");
    }

    // One that waits for its pod to start again is asked about many times, and that pod has died once.
    private static RoomDecision Lost(RoomObservation room, RoomStep step, string why, DateTimeOffset now)
    {
        var counted = step is RoomStep.Evade && room.Phase is RoomPhase.Recovering && room.Losses.Count > 0 && room.Losses[^1] > room.PlacedAt;
        return !counted && RestartIntensity.Exceeds(room, now)
            ? new RoomDecision(RoomStep.Quarantine, RoomPhase.Quarantined, $"{why}, as others before it within a short time that had this room") { IsLoss = true }
            : new RoomDecision(step, RoomPhase.Recovering, why) { IsLoss = !counted };
    }

    private static bool Over(DateTimeOffset? at, DateTimeOffset now, Deadlines deadlines)
    {
        if (at is not { } deadline)
        {
            return false;
        }

        deadlines.Add(deadline);
        return deadline <= now;
    }
}
