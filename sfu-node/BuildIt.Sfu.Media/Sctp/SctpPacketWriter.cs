using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Builds one packet in a buffer of the caller.</summary>
internal ref struct SctpPacketWriter
{
    private readonly Span<byte> _packet;

    public SctpPacketWriter(Span<byte> packet, ushort sourcePort, ushort destinationPort, uint verificationTag)
    {
        _packet = packet;
        BinaryPrimitives.WriteUInt16BigEndian(packet, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(packet[4..], verificationTag);
        SctpChecksum.Write(packet, 0);
        Length = SctpConstants.CommonHeaderSize;
    }

    public int Length { get; private set; }

    public readonly bool IsEmpty => Length == SctpConstants.CommonHeaderSize;

    /// <summary>Room for the value of one more chunk.</summary>
    public readonly int Room => Math.Max(0, _packet.Length - Length - SctpConstants.ChunkHeaderSize);

    /// <summary>Appends a chunk header and returns where its value of <paramref name="length"/> bytes goes. The caller has checked the room.</summary>
    public Span<byte> Chunk(ChunkType type, byte flags, int length)
    {
        var total = SctpConstants.ChunkHeaderSize + length;
        var chunk = _packet.Slice(Length, SctpConstants.Padded(total));
        chunk[0] = (byte)type;
        chunk[1] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(chunk[2..], (ushort)total);
        chunk[total..].Clear();
        Length += chunk.Length;
        return chunk[SctpConstants.ChunkHeaderSize..total];
    }

    public void Chunk(ChunkType type, byte flags, ReadOnlySpan<byte> value) => value.CopyTo(Chunk(type, flags, value.Length));

    public readonly void Finish(bool withChecksum)
    {
        if (withChecksum)
        {
            var packet = _packet[..Length];
            SctpChecksum.Write(packet, SctpChecksum.Compute(packet));
        }
    }
}
