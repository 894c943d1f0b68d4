using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;

namespace BuildIt.Operator.Planning.Rooms;

/// <summary>Decides what becomes of a room.</summary>
public static class RoomPlanner
{
    public static RoomDecision Plan(RoomObservation room, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(room);
        var deadlines = new Deadlines(now);
        var decision = End(room, now, deadlines) ?? Owner(room);
        return decision with { NextDeadline = decision.Step is RoomStep.End ? Deletion(room, now) : deadlines.Next };
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

    private static RoomDecision Owner(RoomObservation room)
    {
        if (room.Instance is null)
        {
            return new RoomDecision(RoomStep.Place, room.Phase is RoomPhase.Recovering ? RoomPhase.Recovering : RoomPhase.Pending, "it has no pod");
        }

        if (room.OwnerHeld)
        {
            return new RoomDecision(RoomStep.Keep, room.Phase, $"{room.Instance} is left as it is while its fleet is paused or doubted");
        }

        switch (room.OwnerLiveness)
        {
            case null:
                return new RoomDecision(RoomStep.FailOver, RoomPhase.Recovering, $"{room.Instance} is gone");
            case Liveness.Dead:
                return new RoomDecision(RoomStep.FailOver, RoomPhase.Recovering, $"{room.Instance} is dead");
            case Liveness.Leaving:
                return new RoomDecision(RoomStep.FailOver, RoomPhase.Recovering, $"{room.Instance} is being deleted");
            case Liveness.Restarting:
                return new RoomDecision(RoomStep.Evade, RoomPhase.Recovering, $"the process of {room.Instance} has ended");
            case Liveness.Suspect:
                return new RoomDecision(RoomStep.Keep, room.Phase, $"{room.Instance} is suspect; it keeps the room until a second witness speaks");
        }

        if (room.OwnerMigrates)
        {
            return new RoomDecision(RoomStep.Migrate, RoomPhase.Migrating, $"{room.Instance} is being drained");
        }

        // Moving and recovering are over when the new owner says that it has the room.
        var settling = room.Phase is RoomPhase.Migrating or RoomPhase.Recovering && room.Occupancy is null;
        return settling
            ? new RoomDecision(RoomStep.Keep, room.Phase, $"{room.Instance} has not taken the room yet")
            : new RoomDecision(RoomStep.Keep, RoomPhase.Ready, $"{room.Instance} serves it");
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
