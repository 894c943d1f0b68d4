namespace BuildIt.Operator.Planning.Placement;

/// <summary>A room that has a pod.</summary>
public readonly record struct PlacedRoom()
{
    public required string Room { get; init; }

    public required string Instance { get; init; }

    /// <summary>When it was placed there.</summary>
    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>Participants it was placed for.</summary>
    public required int Expected { get; init; }

    /// <summary>Media that other pods of the room send this one, in bits per second, as far as that can be told before they do.</summary>
    public long Relay { get; init; }

    /// <summary>How often its pod died under it lately.</summary>
    public int Losses { get; init; }

    /// <summary>Participants that the pod reports for it; null while the pod does not report the room.</summary>
    public int? Reported { get; init; }
}
