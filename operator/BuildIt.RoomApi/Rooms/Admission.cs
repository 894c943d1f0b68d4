using BuildIt.Operator.Api;
using BuildIt.RoomApi.Tokens;

namespace BuildIt.RoomApi.Rooms;

/// <summary>Whether somebody may enter a room now.</summary>
public enum AdmissionVerdict
{
    Welcome,

    /// <summary>The room is over.</summary>
    Ended,

    /// <summary>They were put out.</summary>
    Revoked,

    /// <summary>Nobody new may come in.</summary>
    Locked,

    /// <summary>A moderator has to let them in.</summary>
    ApprovalRequired,
}

/// <summary>The rules for entering. Pure.</summary>
public static class Admission
{
    /// <summary>
    /// Whoever was given a role was let in by a person, so that a lock and the waiting room do not hold them up; a revocation
    /// outweighs everything.
    /// </summary>
    public static AdmissionVerdict Decide(ConferenceRoom room, Decision decision, DateTimeOffset now)
    {
        if (IsOver(room, now))
        {
            return AdmissionVerdict.Ended;
        }

        if (decision.Revoked)
        {
            return AdmissionVerdict.Revoked;
        }

        if (decision.Role is not null)
        {
            return AdmissionVerdict.Welcome;
        }

        return room.Spec.Settings switch
        {
            { Locked: true } => AdmissionVerdict.Locked,
            { RequireApproval: true } => AdmissionVerdict.ApprovalRequired,
            _ => AdmissionVerdict.Welcome,
        };
    }

    public static bool IsOver(ConferenceRoom room, DateTimeOffset now) =>
        room.Metadata.DeletionTimestamp is not null
        || room.Status?.Phase == RoomPhase.Ended
        || (room.Spec.ExpiresAt is { } end && new DateTimeOffset(end.ToUniversalTime()) <= now);

    /// <summary>True when a node serves the room, or is about to again.</summary>
    public static bool IsPlaced(ConferenceRoom room) =>
        room.Status is { Phase: RoomPhase.Ready or RoomPhase.Migrating or RoomPhase.Recovering, Assignments.Count: > 0 };

    /// <summary>Why a room is not placed, in the operator's words.</summary>
    public static string WhyNotPlaced(ConferenceRoom room) =>
        room.Status?.Conditions.FirstOrDefault(condition => condition.Type == ConferenceRoomConditions.Ready)?.Message is { Length: > 0 } message
            ? message.EndsWith('.') ? message : message + "."
            : "the operator has not answered yet.";
}
