namespace BuildIt.Sfu.Contracts;

/// <summary>
/// What a node is told of links to other fleets: those that it is to keep without any room on them, so that the path is measured, and how
/// much its rooms may send. The body of <c>PUT</c> <see cref="NodePaths.Links"/>. It replaces all orders before it; a node that has
/// restarted has none until it is told again, which the operator sees from <see cref="Heartbeat.Links"/> and
/// <see cref="Heartbeat.LinkAllowances"/>. Links that rooms need are kept whether ordered or not.
/// </summary>
public sealed record LinkOrders
{
    /// <summary>The most orders that a node takes.</summary>
    public const int MaxOrders = 64;

    public IReadOnlyList<LinkOrder> Links { get; init => field = value ?? []; } = [];

    /// <summary>What may be sent to other fleets, at most <see cref="LinkAllowance.MaxFleets"/>. To one that is not named, as the routes say.</summary>
    public IReadOnlyList<LinkAllowance> Allowances { get; init => field = value ?? []; } = [];
}

/// <summary>One link that a node is to keep.</summary>
public sealed record LinkOrder
{
    /// <summary>The node at the other end. It has the same order with <see cref="Opens"/> the other way.</summary>
    public required NodeId Peer { get; init; }

    /// <summary>The SfuCluster that the peer belongs to.</summary>
    public required string Cluster { get; init; }

    public required string Region { get; init; }

    /// <summary>True when this node opens the link; the other one waits for it.</summary>
    public required bool Opens { get; init; }

    /// <summary>As <see cref="NodeEndpoints.Relay"/> of the peer; tried first.</summary>
    public string? Relay { get; init; }

    /// <summary>As <see cref="NodeEndpoints.RelayOutside"/> of the peer; tried when <see cref="Relay"/> does not answer.</summary>
    public string? RelayOutside { get; init; }

    /// <summary>As <see cref="NodeEndpoints.RelayFingerprint"/> of the peer, when the order was made.</summary>
    public string? RelayFingerprint { get; init; }

    /// <summary>Time between two probes, in milliseconds, 100 to 600,000.</summary>
    public required int IntervalMilliseconds { get; init => field = Math.Clamp(value, 100, 600_000); }
}
