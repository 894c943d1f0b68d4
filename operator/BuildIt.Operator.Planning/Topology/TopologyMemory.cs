namespace BuildIt.Operator.Planning.Topology;

/// <summary>What the plan of a room remembers until the next: since when something has been so. Losing it makes changes later, not wrong.</summary>
public sealed record TopologyMemory
{
    // First: what follows is made of it.
    internal static readonly IReadOnlyDictionary<string, DateTimeOffset> Nowhere = new Dictionary<string, DateTimeOffset>();

    public static readonly TopologyMemory None = new();

    /// <summary>The fleets in which further seats would be worth it, with a space between; null when in none.</summary>
    public string? WorthClusters { get; init; }

    public DateTimeOffset? WorthSince { get; init; }

    /// <summary>Since when another tree has been better by enough.</summary>
    public DateTimeOffset? BetterSince { get; init; }

    /// <summary>When a tree was last changed for a better one.</summary>
    public DateTimeOffset? MovedAt { get; init; }

    /// <summary>Since when no healthy link has led to a fleet with a seat, and the room has not come there over a bad one either.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> CutOffSince { get; init; } = Nowhere;
}
