namespace BuildIt.Operator.Planning.Rooms;

/// <summary>What to do about a room, and why.</summary>
public sealed record RoomDecision(RoomStep Step, RoomPhase Phase, string Reason)
{
    /// <summary>Its pod died under it, which has not been counted yet.</summary>
    public bool IsLoss { get; init; }

    /// <summary>Nobody knows whether its pod serves it: it is neither to be called ready nor lost.</summary>
    public bool IsDoubted { get; init; }

    /// <summary>For <see cref="RoomStep.Migrate"/>: the pod that was named by hand, and no other; null when any will do.</summary>
    public string? Target { get; init; }

    /// <summary>It is where a person asked to have it moved, or has no use for that any more: the wish is to be taken off its object.</summary>
    public bool IsWishSettled { get; init; }

    /// <summary>When to decide again although nothing new was observed; null when time alone changes nothing.</summary>
    public DateTimeOffset? NextDeadline { get; init; }
}

/// <summary>What may be done about a room.</summary>
public enum RoomStep
{
    /// <summary>Leave it as it is.</summary>
    Keep,

    /// <summary>Find it a pod.</summary>
    Place,

    /// <summary>Its pod is dead: find it another one, with a higher generation.</summary>
    FailOver,

    /// <summary>Its pod has lost it and starts again: find it another one, with a higher generation, or leave it there when there is none.</summary>
    Evade,

    /// <summary>Its pod is to go: find it another one, with a higher generation, while the old one goes on serving.</summary>
    Migrate,

    /// <summary>Its pods died under it again and again: take it from its clients, and give it no pod until the quarantine is over.</summary>
    Quarantine,

    /// <summary>End it everywhere and tell its clients.</summary>
    End,

    /// <summary>It ended long enough ago: delete its object.</summary>
    Delete,
}
