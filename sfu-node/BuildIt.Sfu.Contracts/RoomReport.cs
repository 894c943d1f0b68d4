namespace BuildIt.Sfu.Contracts;

/// <summary>One room as the node that serves it sees it. Sums and averages only: nothing about a single participant.</summary>
public sealed record RoomReport
{
    /// <summary>The most regions of <see cref="Arrivals"/>.</summary>
    public const int MaxArrivals = 64;

    /// <summary>The most fleets of <see cref="Relays"/>.</summary>
    public const int MaxRelays = 64;

    public required RoomId Room { get; init; }

    /// <summary>The generation of the route by which the node serves the room.</summary>
    public required long Generation { get; init; }

    /// <summary>Participants that are connected to this node: of a room with several seats the sum of its nodes is the whole.</summary>
    public int Participants { get; init; }

    public int Publishers { get; init; }

    public int Subscribers { get; init; }

    public long IngressBitsPerSecond { get; init; }

    public long EgressBitsPerSecond { get; init; }

    /// <summary>
    /// The <see cref="Participants"/> by the region in which they arrived, which need not be the node's: whoever serves a participant
    /// for a region without a seat is told by the node there, which proxies. At most <see cref="MaxArrivals"/>. Empty means that all
    /// arrived in the node's own.
    /// </summary>
    public IReadOnlyList<RegionArrivals> Arrivals { get; init => field = value ?? []; } = [];

    /// <summary>
    /// At an edge: whether it has the room from its parent, all members and changes up to now. Null at an origin, and before the node
    /// has heard that it is an edge.
    /// </summary>
    public bool? ParentConnected { get; init; }

    /// <summary>
    /// For how long nothing has come from the parent over a link that counts no longer for that reason, in seconds; null otherwise. A
    /// duration, because clocks differ.
    /// </summary>
    public double? ParentSilentSeconds { get; init; }

    /// <summary>Mean round-trip time to the participants, in milliseconds; null until one was measured.</summary>
    public double? RoundTripMilliseconds { get; init; }

    /// <summary>Packets lost as a fraction of those sent, 0 to 1; null until it was measured.</summary>
    public double? LossFraction { get; init; }

    /// <summary>True when every published track announces end-to-end encryption.</summary>
    public bool EndToEndEncrypted { get; init; }

    /// <summary>Whether anybody of this generation has ever joined.</summary>
    public bool EverJoined { get; init; }

    /// <summary>
    /// For how long nobody has been there, in seconds; null while somebody is there or nobody has been. A duration, because the
    /// clock of whoever reads it is another than the node's.
    /// </summary>
    public double? EmptySeconds { get; init; }

    /// <summary>
    /// True when somebody with the right to it asked this node to end the room. It is over here, and the node says so until the
    /// route does too.
    /// </summary>
    public bool EndRequested { get; init; }

    /// <summary>Bytes taken from the room's clients since the node took the room: datagrams without IP and UDP headers. For cost; it only grows.</summary>
    public long IngressBytes { get; init; }

    /// <summary>The same of what was sent to them.</summary>
    public long EgressBytes { get; init; }

    /// <summary>
    /// What was sent to other nodes that serve the room since the node took it, by their fleet: for cost, each only grows. At most
    /// <see cref="MaxRelays"/>.
    /// </summary>
    public IReadOnlyList<RelayedBytes> Relays { get; init => field = value ?? []; } = [];

    /// <summary>Participant time served since the node took the room, in seconds, for cost.</summary>
    public double ParticipantSeconds { get; init; }
}

/// <summary>Participants of a room who arrived in one region and are served by one node.</summary>
public sealed record RegionArrivals
{
    public required string Region { get; init; }

    public required int Participants { get; init; }

    /// <summary>Those of them that publish.</summary>
    public int Publishers { get; init; }
}

/// <summary>What a room sent from one node to those of one fleet.</summary>
public sealed record RelayedBytes
{
    /// <summary>The SfuCluster of the nodes it was sent to.</summary>
    public required string Cluster { get; init; }

    /// <summary>Datagrams without IP and UDP headers, in bytes.</summary>
    public required long SentBytes { get; init; }
}
