namespace BuildIt.Operator.Planning.Topology;

/// <summary>One room with its seats and its people.</summary>
public sealed record CascadeRequest
{
    public required string Room { get; init; }

    public CascadeMode Mode { get; init; } = CascadeMode.Auto;

    /// <summary>The most regions with seats, 1 or more.</summary>
    public int MaxRegions { get; init; } = 3;

    /// <summary>Regions that may be used; empty when all may. With <see cref="CascadeMode.Always"/> each of them gets a seat at once.</summary>
    public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>Fleets that may be used; null when all may.</summary>
    public IReadOnlySet<string>? Clusters { get; init; }

    /// <summary>The seats there are; the first is the origin.</summary>
    public required IReadOnlyList<SeatObservation> Seats { get; init; }

    /// <summary>Regions in which people are.</summary>
    public IReadOnlyList<RegionDemand> Demand { get; init; } = [];

    /// <summary>People who are expected, have not come, and for whom no seat has places.</summary>
    public int Unseated { get; init; }

    /// <summary>What its people send now, in bits per second: as much may be relayed to a further seat.</summary>
    public long Media { get; init; }

    public TopologyMemory Memory { get; init; } = TopologyMemory.None;
}

/// <summary>When a room may have several seats.</summary>
public enum CascadeMode
{
    /// <summary>Where it is worth it.</summary>
    Auto,

    /// <summary>Never more than one.</summary>
    Never,

    /// <summary>In every region in which somebody is, and every one that its placement names.</summary>
    Always,
}

/// <summary>One seat of a room as its status, its pod and the pod's fleet show it.</summary>
public sealed record SeatObservation
{
    public required string Instance { get; init; }

    public required string Cluster { get; init; }

    public required string Region { get; init; }

    /// <summary>Null at the origin.</summary>
    public string? Parent { get; init; }

    public bool IsClosed { get; init; }

    public SeatCondition Condition { get; init; } = SeatCondition.Serving;

    /// <summary>People whom the pod serves; null while it does not report the room.</summary>
    public int? People { get; init; }

    /// <summary>Since when nobody has been on the seat; null while somebody is.</summary>
    public DateTimeOffset? EmptySince { get; init; }

    /// <summary>When the seat was given.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>The edge has the room from its parent, by its own word.</summary>
    public bool IsConnected { get; init; }

    /// <summary>Since when it has not had it; null while it has, and at the origin.</summary>
    public DateTimeOffset? CutOffSince { get; init; }

    /// <summary>It has had the room from this parent before.</summary>
    public bool WasConnected { get; init; }
}

/// <summary>What is to become of a seat by the state of its pod.</summary>
public enum SeatCondition
{
    Serving,

    /// <summary>Its pod is silent, and may be dead: it keeps what it has and gets nothing new.</summary>
    Doubted,

    /// <summary>Its pod is to go, while it goes on serving.</summary>
    Leaving,

    /// <summary>Its pod is dead or has lost the room.</summary>
    Lost,
}
