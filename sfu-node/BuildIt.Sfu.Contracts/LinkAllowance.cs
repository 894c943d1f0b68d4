namespace BuildIt.Sfu.Contracts;

/// <summary>What all rooms of a node together may send to one other fleet: its part of what the link between the two fleets may carry.</summary>
public sealed record LinkAllowance
{
    /// <summary>
    /// The part of <see cref="RoomSeat.MaxLinkBitsPerSecond"/> that a node keeps to until it is told its own: enough to begin with, and the
    /// others have what is left before long.
    /// </summary>
    public const double UntoldPart = 0.25;

    /// <summary>The most fleets that a node tells of, and is told of.</summary>
    public const int MaxFleets = 64;

    /// <summary>The SfuCluster to whose nodes it is sent.</summary>
    public required string Cluster { get; init; }

    /// <summary>In bits per second, datagrams without IP and UDP headers; 0 for no limit.</summary>
    public long BitsPerSecond { get; init => field = Math.Max(0, value); }
}

/// <summary>What a node's rooms send to one other fleet.</summary>
public sealed record LinkAllowanceReport
{
    /// <summary>The SfuCluster to whose nodes it is sent.</summary>
    public required string Cluster { get; init; }

    /// <summary>What the rooms would send if they could, in bits per second; null where nothing limits them.</summary>
    public long? WantedBitsPerSecond { get; init => field = value is < 0 ? 0 : value; }

    /// <summary>What the node was told, as <see cref="LinkAllowance.BitsPerSecond"/>; null when it was told nothing.</summary>
    public long? AllowedBitsPerSecond { get; init; }
}
