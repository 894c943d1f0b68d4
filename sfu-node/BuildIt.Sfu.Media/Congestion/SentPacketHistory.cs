using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>One packet as it was sent, kept until feedback about it is too late to be of use.</summary>
internal struct SentPacket
{
    /// <summary>Unwrapped transport-wide number; -1 in an unused slot.</summary>
    public long Sequence;

    public Instant SentAt;

    public int Bytes;

    /// <summary>Probe cluster it belongs to, or <see cref="ProbeCluster.None"/>.</summary>
    public int Cluster;

    /// <summary>Feedback has said that it arrived.</summary>
    public bool Acknowledged;

    /// <summary>Counted as lost; takes it back when it turns up after all.</summary>
    public bool CountedLost;
}

/// <summary>
/// A ring of the last packets sent, found by transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).
/// Unwraps the 16-bit numbers. An overwritten packet is simply unknown to later feedback.
/// </summary>
internal sealed class SentPacketHistory
{
    private readonly SentPacket[] _ring;
    private readonly int _mask;

    /// <param name="capacity">A power of two, at most 32,768 (half the sequence space).</param>
    public SentPacketHistory(int capacity)
    {
        if (capacity is <= 0 or > 32_768 || (capacity & (capacity - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), "must be a power of two of at most 32,768");
        }

        _ring = new SentPacket[capacity];
        _mask = capacity - 1;
        Array.Fill(_ring, new SentPacket { Sequence = -1 });
    }

    /// <summary>Number of the last packet sent; -1 before the first.</summary>
    public long Last { get; private set; } = -1;

    public void Add(ushort sequence, int bytes, int cluster, Instant now)
    {
        long unwrapped = Last < 0 ? sequence : Last + (short)(sequence - (ushort)Last);
        if (unwrapped <= Last)
        {
            return;
        }

        Last = unwrapped;
        _ring[unwrapped & _mask] = new SentPacket { Sequence = unwrapped, SentAt = now, Bytes = bytes, Cluster = cluster };
    }

    /// <summary>The packet of a 16-bit number in feedback; a null reference (see <paramref name="found"/>) when unknown.</summary>
    public ref SentPacket Find(ushort sequence, out bool found)
    {
        long unwrapped = Last + (short)(sequence - (ushort)Last);
        ref SentPacket packet = ref _ring[unwrapped & _mask];
        found = Last >= 0 && unwrapped >= 0 && packet.Sequence == unwrapped;
        return ref packet;
    }
}
