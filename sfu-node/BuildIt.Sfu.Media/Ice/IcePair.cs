using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;

namespace BuildIt.Sfu.Media.Ice;

internal enum IceCheckState : byte
{
    /// <summary>No check of ours is wanted: a lite agent's pairs stay here.</summary>
    Idle,
    Waiting,
    InProgress,
    Succeeded,
    Failed,
}

/// <summary>
/// One remote address of the peer, with what checks have shown about it. All local candidates of one protocol share a
/// socket, so a candidate pair is known by its remote address alone.
/// </summary>
internal sealed class IcePair(TransportAddress remote, PathId path, uint remotePriority, int generation)
{
    public TransportAddress Remote { get; } = remote;

    public PathId Path { get; } = path;

    public uint RemotePriority { get; set; } = remotePriority;

    /// <summary>Which ICE restart it belongs to.</summary>
    public int Generation { get; set; } = generation;

    /// <summary>
    /// An authenticated message came from this address: a check with our password, or the answer to a check of ours.
    /// Only from such an address is anything but STUN taken.
    /// </summary>
    public bool IsAuthenticated { get; set; }

    /// <summary>A check of ours was answered from this address: the peer is there in truth.</summary>
    public bool IsProven { get; set; }

    /// <summary>The peer, controlling, asked for this pair before our own check had succeeded.</summary>
    public bool NominateOnSuccess { get; set; }

    /// <summary>We, controlling, have put USE-CANDIDATE into the check in progress.</summary>
    public bool IsNominating { get; set; }

    public IceCheckState Check { get; set; }

    /// <summary>Order in which authenticated messages were last heard, for choosing the pair to forget.</summary>
    public Instant LastReceived { get; set; }

    /// <summary>When authentic data last came this way while the pair was selected.</summary>
    public Instant LastData { get; set; }

    public int Attempts { get; set; }

    public Instant NextAttempt { get; set; }

    /// <summary>Transaction in progress; an answer to an earlier one no longer counts.</summary>
    public TransactionId Transaction { get; set; }

    /// <summary>When the peer last answered a check of ours on this pair (consent, RFC 7675 section 5.1).</summary>
    public Instant LastResponse { get; set; }
}

/// <summary>96 bits chosen by the sender of a request (RFC 8489 section 5).</summary>
internal readonly record struct TransactionId(ulong High, uint Low)
{
    public static TransactionId Read(ReadOnlySpan<byte> bytes) => new(
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes),
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]));

    public void Write(Span<byte> bytes)
    {
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], Low);
    }
}
