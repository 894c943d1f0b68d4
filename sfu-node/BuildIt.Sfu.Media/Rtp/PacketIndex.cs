namespace BuildIt.Sfu.Media.Rtp;

/// <summary>
/// Place of a packet in its stream since the stream began: 32 bits of rollover counter and 16 bits of sequence number
/// (RFC 3711 section 3.3.1). Under one key an index of a stream may be protected once only.
/// </summary>
public readonly record struct PacketIndex(ulong Value)
{
    /// <summary>One more than the highest index: 2^48 (RFC 3711 section 9.2).</summary>
    public const ulong End = 1UL << 48;

    /// <summary>What stands in the packet's header.</summary>
    public SequenceNumber Sequence => new((ushort)Value);

    public static PacketIndex operator +(PacketIndex index, uint steps) => new(index.Value + steps);

    public override string ToString() => Value.ToString();
}
