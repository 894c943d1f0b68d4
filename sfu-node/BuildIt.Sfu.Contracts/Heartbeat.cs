using System.Globalization;

namespace BuildIt.Sfu.Contracts;

/// <summary>
/// What a node writes to the registry every <see cref="Interval"/>, and sooner where something cannot wait, under <see cref="RegistryKeys.Node"/>, with an expiry of
/// <see cref="Expiry"/>. A heartbeat that is gone is one of the two witnesses that the node is dead.
/// </summary>
public sealed record Heartbeat
{
    /// <summary>The time between two heartbeats.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>How long the registry keeps a heartbeat that is not renewed.</summary>
    public static readonly TimeSpan Expiry = TimeSpan.FromSeconds(5);

    /// <summary>The longest <see cref="Boot"/> that is read, in characters.</summary>
    public const int MaxBootLength = 64;

    public required NodeId Node { get; init; }

    public required string Namespace { get; init; }

    /// <summary>The name of the SfuCluster that the node belongs to.</summary>
    public required string Cluster { get; init; }

    public required string Region { get; init; }

    /// <summary>The revision of the fleet's settings that the node was started with.</summary>
    public required string Revision { get; init; }

    public required NodeState State { get; init; }

    public required NodeLoad Load { get; init; }

    public required NodeCapacity Capacity { get; init; }

    public required NodeEndpoints Endpoints { get; init; }

    /// <summary>When the process started, by its machine's clock: for people. Clocks go back, so it orders nothing.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>
    /// Chosen at random when the process starts: it tells a restarted container from a slow one. Where a node does not say, its
    /// start stands for it.
    /// </summary>
    public string Boot
    {
        get => field is { Length: > 0 } ? field : StartedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        init => field = value is { Length: <= MaxBootLength } ? value : string.Empty;
    } = string.Empty;

    /// <summary>Counts up by one for every heartbeat of a process, from 1. A lower number of the same <see cref="Boot"/> is stale.</summary>
    public required long Sequence { get; init; }

    /// <summary>The rooms the node serves now, and those it was asked to end that are not ended everywhere yet.</summary>
    public IReadOnlyList<RoomReport> Rooms { get; init => field = value ?? []; } = [];

    /// <summary>Rooms whose route in the registry the node refuses. The operator gives them a newer generation.</summary>
    public IReadOnlyList<RoomFence> Fences { get; init => field = value ?? []; } = [];

    /// <summary>
    /// The links to other nodes: every one that was ordered, up or not, and every one with rooms; at most
    /// <see cref="LinkReport.MaxLinks"/>.
    /// </summary>
    public IReadOnlyList<LinkReport> Links { get; init => field = value ?? []; } = [];

    /// <summary>What the rooms send to each other fleet; at most <see cref="LinkAllowance.MaxFleets"/>.</summary>
    public IReadOnlyList<LinkAllowanceReport> LinkAllowances { get; init => field = value ?? []; } = [];

    /// <summary>Load as fractions of capacity.</summary>
    public LoadFractions Fractions() => LoadFractions.Of(Load, Capacity);

    /// <summary>
    /// True when this, which arrived later than <paramref name="other"/> of the same node, says something newer: it is of another
    /// process, or further on in the same.
    /// </summary>
    public bool IsNewerThan(Heartbeat other) => Boot != other.Boot || Sequence > other.Sequence;
}
