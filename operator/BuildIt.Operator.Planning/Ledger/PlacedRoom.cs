namespace BuildIt.Operator.Planning.Ledger;

/// <summary>A room that has a pod: its origin, and what it was placed with.</summary>
public readonly record struct PlacedRoom()
{
    public required string Room { get; init; }

    /// <summary>The fleet of its pod; empty where nobody asks for it.</summary>
    public string Cluster { get; init; } = string.Empty;

    public required string Instance { get; init; }

    /// <summary>When it was placed there.</summary>
    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>Participants it was placed for.</summary>
    public required int Expected { get; init; }

    /// <summary>Number of the placement.</summary>
    public long Generation { get; init; }

    /// <summary>Number of the arrangement of its seats within the generation.</summary>
    public long Revision { get; init; }

    /// <summary>How often its pod died under it lately.</summary>
    public int Losses { get; init; }
}

/// <summary>A further seat of a room, beside its origin.</summary>
public readonly record struct PlacedEdge()
{
    /// <summary>The fleet of its pod; empty where nobody asks for it.</summary>
    public string Cluster { get; init; } = string.Empty;

    public required string Instance { get; init; }

    /// <summary>The pod that it hangs on.</summary>
    public string? Parent { get; init; }

    /// <summary>When it was given.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>People that places are held for.</summary>
    public int Expected { get; init; }

    /// <summary>Media that other pods of the room send this one, in bits per second, as far as that can be told before they do.</summary>
    public long Relay { get; init; }
}

/// <summary>One seat as it stands in the ledger.</summary>
/// <param name="Cluster">The fleet of its pod.</param>
/// <param name="Instance">Its pod.</param>
/// <param name="IsOrigin">It is the room's origin, not one of its edges.</param>
/// <param name="Parent">The pod that it hangs on; null at the origin.</param>
/// <param name="Reported">Participants that the pod reports; null while it does not report the room.</param>
/// <param name="Held">Places that are held for people who have not come.</param>
public readonly record struct LedgerSeat(string Cluster, string Instance, bool IsOrigin, string? Parent, int? Reported, int Held);
