using BuildIt.Operator.Planning.Health;

namespace BuildIt.Operator.Planning.Rooms;

/// <summary>One room as its object, its pod and the pod's fleet show it.</summary>
public sealed record RoomObservation
{
    public required string Room { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How long a room that nobody joined is kept.</summary>
    public TimeSpan EmptyTimeout { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>How long a room is kept after its last participant left.</summary>
    public TimeSpan DepartureTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long its object is kept after it has ended; null when for ever.</summary>
    public TimeSpan? TtlAfterEnded { get; init; }

    public RoomPhase Phase { get; init; } = RoomPhase.Pending;

    /// <summary>When it ended, by its status; null while that does not say so.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Its object is being deleted.</summary>
    public bool Deleting { get; init; }

    /// <summary>Its pod says that somebody asked to end it.</summary>
    public bool EndRequested { get; init; }

    /// <summary>The pod that owns it by its status; null when it has none.</summary>
    public string? Instance { get; init; }

    /// <summary>The pod to which a person asked to have it moved; null when nobody did.</summary>
    public string? MoveTo { get; init; }

    /// <summary>When it was placed on <see cref="Instance"/>.</summary>
    public DateTimeOffset? PlacedAt { get; init; }

    /// <summary>When pods died under it lately, oldest first, as its status remembers.</summary>
    public IReadOnlyList<DateTimeOffset> Losses { get; init; } = [];

    /// <summary>Until when its quarantine lasts or lasted; null when it never was in one.</summary>
    public DateTimeOffset? QuarantinedUntil { get; init; }

    /// <summary>When a person last said that what killed its pods is mended; null when nobody did.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>What is believed about the pod it is on; null when that does not exist any more.</summary>
    public Liveness? OwnerLiveness { get; init; }

    /// <summary>That pod is being drained, and its rooms are to be moved rather than waited for.</summary>
    public bool OwnerMigrates { get; init; }

    /// <summary>
    /// The pods of the owner's fleet are left as they are, because it is paused or all of them are doubted. That stops drains. A room
    /// whose pod is dead is placed again all the same: pods are frozen, not rooms.
    /// </summary>
    public bool OwnerHeld { get; init; }

    /// <summary>What the owner reports about the room in its newest heartbeat; null when it does not mention it or is silent.</summary>
    public RoomOccupancy? Occupancy { get; init; }
}

/// <summary>Who is in a room.</summary>
/// <param name="Participants">How many now.</param>
/// <param name="EverJoined">Whether anybody ever was, on this pod or an earlier one.</param>
/// <param name="EmptySince">Since when nobody is there; null while somebody is.</param>
public readonly record struct RoomOccupancy(int Participants, bool EverJoined, DateTimeOffset? EmptySince);

/// <summary>Where a room is in its life.</summary>
public enum RoomPhase
{
    Pending,
    Ready,
    Migrating,
    Recovering,

    /// <summary>Its pods died under it again and again, so it gets none for a while.</summary>
    Quarantined,
    Ended,
}
