namespace BuildIt.Operator.Planning.Topology;

/// <summary>The seats that a room is to have, and what that changes.</summary>
public sealed record TopologyDecision
{
    /// <summary>All seats; the first is the origin. The same instance as before when <see cref="Changes"/> is empty and nothing opened or closed.</summary>
    public required IReadOnlyList<PlannedSeat> Seats { get; init; }

    /// <summary>What is added, moved and removed, each with its reason.</summary>
    public IReadOnlyList<SeatChange> Changes { get; init; } = [];

    /// <summary>The seats, their parents, or which of them are open are other than before.</summary>
    public bool IsChanged { get; init; }

    /// <summary>
    /// The origin is lost or to go, and no edge can take its place: the room has to be placed anew, and keeps its other seats.
    /// </summary>
    public bool NeedsOrigin { get; init; }

    /// <summary>Another seat is the origin now: the route needs a new generation.</summary>
    public bool IsOriginChanged { get; init; }

    /// <summary>The fleet that should grow for a seat that is wanted and has no pod; null when there is none such.</summary>
    public string? GrowCluster { get; init; }

    /// <summary>Why no further seat could be had; null when all that was wanted was.</summary>
    public string? Refusal { get; init; }

    public TopologyMemory Memory { get; init; } = TopologyMemory.None;

    /// <summary>When to plan again although nothing new was observed.</summary>
    public DateTimeOffset? NextDeadline { get; init; }
}

/// <summary>One seat as it is to be.</summary>
public sealed record PlannedSeat
{
    public required string Instance { get; init; }

    public required string Cluster { get; init; }

    public required string Region { get; init; }

    /// <summary>Null at the origin.</summary>
    public string? Parent { get; init; }

    /// <summary>Newcomers go elsewhere.</summary>
    public bool IsClosed { get; init; }

    /// <summary>The most that may be sent over the link to the parent, in bits per second each way; 0 for no limit.</summary>
    public long MaxLinkBitsPerSecond { get; init; }

    /// <summary>People that places are held for on a new seat.</summary>
    public int Expected { get; init; }
}

/// <summary>One change of a room's seats.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Instance">The pod whose seat it is.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record SeatChange(SeatChangeKind Kind, string Instance, string Reason);

/// <summary>What may be done about a seat.</summary>
public enum SeatChangeKind
{
    Add,

    /// <summary>It gets another parent.</summary>
    Move,

    Remove,

    /// <summary>It becomes the origin.</summary>
    Promote,
}
