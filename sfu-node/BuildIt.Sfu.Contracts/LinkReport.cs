using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>
/// One link as the node at this end of it sees it. What is measured is of the way from this node to the peer; the peer reports the
/// other way.
/// </summary>
public sealed record LinkReport
{
    /// <summary>The most links that a heartbeat tells of; ordered ones and those with rooms first.</summary>
    public const int MaxLinks = 256;

    /// <summary>The node at the other end.</summary>
    public required NodeId Peer { get; init; }

    public required LinkState State { get; init; }

    /// <summary>True when the operator ordered this link; see <see cref="LinkOrders"/>.</summary>
    public bool Ordered { get; init; }

    /// <summary>Why the link is not up, in words, without addresses; empty when it is.</summary>
    public string Reason { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Round trip, smoothed, in milliseconds; null until it was measured.</summary>
    public double? RoundTripMilliseconds { get; init; }

    /// <summary>Variation of the delay to the peer (RFC 3550, section 6.4.1), in milliseconds; null until it was measured.</summary>
    public double? JitterMilliseconds { get; init; }

    /// <summary>Packets lost on the way to the peer as a fraction of those sent, 0 to 1, over the last seconds; null until it was measured.</summary>
    public double? LossFraction { get; init; }

    /// <summary>What the way to the peer is estimated to carry, in bits per second; null while too little was sent to tell.</summary>
    public long? BandwidthBitsPerSecond { get; init; }

    /// <summary>Rooms that are relayed over the link now.</summary>
    public int Rooms { get; init; }

    /// <summary>Bytes sent over the link since it was opened, with headers of UDP and IP.</summary>
    public long SentBytes { get; init; }

    /// <summary>Bytes received over it since it was opened, likewise.</summary>
    public long ReceivedBytes { get; init; }

    /// <summary>How long ago the peer was last heard, in seconds; null when it never was. A duration, because clocks differ.</summary>
    public double? SilentSeconds { get; init; }
}

/// <summary>How a link stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LinkState>))]
public enum LinkState
{
    /// <summary>This node opens it, or waits for the peer to open it.</summary>
    Connecting,

    /// <summary>The peer has shown that it belongs to the fleet or a linked one, and answers.</summary>
    Up,

    /// <summary>The peer is silent, or cannot be reached; it is opened again.</summary>
    Broken,

    /// <summary>The peer did not show what it has to, or refused this node.</summary>
    Refused,
}
