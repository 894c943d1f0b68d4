namespace BuildIt.Operator.Planning.Placement;

/// <summary>Where a room goes, or why it has to wait.</summary>
public sealed record RoomPlacement
{
    public required string Room { get; init; }

    /// <summary>The pod; null when the room has to wait.</summary>
    public string? Instance { get; init; }

    public string? Cluster { get; init; }

    public string? Region { get; init; }

    /// <summary>The generation of the placement; of a room that waits, that of its last one.</summary>
    public required long Generation { get; init; }

    public required string Reason { get; init; }

    /// <summary>Participants that places are held for; of a room that waits, those for which <see cref="GrowRegion"/> should grow.</summary>
    public required int Expected { get; init; }

    /// <summary>The region whose fleets should grow for a room that waits; null when the room has a pod or no fleet may serve it.</summary>
    public string? GrowRegion { get; init; }

    public bool IsPlaced => Instance is not null;
}
