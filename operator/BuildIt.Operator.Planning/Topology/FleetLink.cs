namespace BuildIt.Operator.Planning.Topology;

/// <summary>A fleet that rooms may spread to.</summary>
/// <param name="Cluster">Its name: what is planned together is of one namespace.</param>
/// <param name="Region">Its region.</param>
public readonly record struct FleetSite(string Cluster, string Region);

/// <summary>Two fleets that may relay to each other, and the path between them as it was measured.</summary>
public sealed record FleetLink
{
    public required string Name { get; init; }

    public required string A { get; init; }

    public required string B { get; init; }

    /// <summary>One way, in milliseconds.</summary>
    public double DelayMilliseconds { get; init; } = LinkMap.UnknownDelay;

    /// <summary>Packets lost as a fraction of those sent, 0 to 1, the worse of both directions.</summary>
    public double Loss { get; init; }

    /// <summary>Price of one gigabyte.</summary>
    public double Cost { get; init; }

    /// <summary>A link of a higher priority is used before one of a lower, however short that is.</summary>
    public int Priority { get; init; } = 100;

    /// <summary>Media gets through. Nothing new goes over a link that is not healthy, and what goes over it finds another way.</summary>
    public required bool IsHealthy { get; init; }

    /// <summary>The most that relays may send, in bits per second each way; 0 for no limit.</summary>
    public long MaxBitsPerSecond { get; init; }
}
