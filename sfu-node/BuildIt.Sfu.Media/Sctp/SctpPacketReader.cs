using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>One chunk inside a packet.</summary>
internal readonly ref struct Chunk(ChunkType type, byte flags, ReadOnlySpan<byte> value)
{
    public ChunkType Type { get; } = type;

    public byte Flags { get; } = flags;

    /// <summary>What follows the four bytes of the chunk header.</summary>
    public ReadOnlySpan<byte> Value { get; } = value;
}

/// <summary>Walks the chunks of a packet (RFC 9260 section 3), or the parameters of a chunk, which have the same framing.</summary>
internal ref struct SctpPacketReader
{
    private ReadOnlySpan<byte> _rest;

    private SctpPacketReader(ReadOnlySpan<byte> rest)
    {
        _rest = rest;
        SourcePort = 0;
        DestinationPort = 0;
        VerificationTag = 0;
    }

    public ushort SourcePort { get; private init; }

    public ushort DestinationPort { get; private init; }

    public uint VerificationTag { get; private init; }

    public static bool TryOpen(ReadOnlySpan<byte> packet, out SctpPacketReader reader)
    {
        if (packet.Length < SctpConstants.CommonHeaderSize + SctpConstants.ChunkHeaderSize)
        {
            reader = default;
            return false;
        }

        reader = new SctpPacketReader(packet[SctpConstants.CommonHeaderSize..])
        {
            SourcePort = BinaryPrimitives.ReadUInt16BigEndian(packet),
            DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]),
            VerificationTag = BinaryPrimitives.ReadUInt32BigEndian(packet[4..]),
        };
        return true;
    }

    /// <summary>False at the end, and at a chunk whose length cannot be.</summary>
    public bool TryNext(out Chunk chunk)
    {
        var rest = _rest;
        if (!TryTake(ref rest, out var head, out var value))
        {
            chunk = default;
            return false;
        }

        _rest = rest;
        chunk = new Chunk((ChunkType)(head >> 8), (byte)head, value);
        return true;
    }

    /// <summary>Takes the next type-length-value off <paramref name="rest"/>; chunks and parameters share this framing.</summary>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> rest, out ushort head, out ReadOnlySpan<byte> value)
    {
        head = 0;
        value = default;
        if (rest.Length < SctpConstants.ChunkHeaderSize)
        {
            return false;
        }

        head = BinaryPrimitives.ReadUInt16BigEndian(rest);
        int length = BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        if (length < SctpConstants.ChunkHeaderSize || length > rest.Length)
        {
            return false;
        }

        value = rest[SctpConstants.ChunkHeaderSize..length];
        rest = rest[Math.Min(SctpConstants.Padded(length), rest.Length)..];
        return true;
    }
}
