namespace BuildIt.Sfu.Media.Codecs;

/// <summary>Reads bits, most significant first. Past the end it yields zeros and sets <see cref="Failed"/>.</summary>
internal ref struct BitReader(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> _data = data;

    public int Position { get; private set; }

    public bool Failed { get; private set; }

    /// <summary>Reads <paramref name="count"/> (0 to 32) bits.</summary>
    public uint Read(int count)
    {
        if (Position + count > _data.Length * 8)
        {
            Failed = true;
            Position = _data.Length * 8;
            return 0;
        }

        uint value = 0;
        for (var i = 0; i < count; i++, Position++)
            value = value << 1 | (uint)(_data[Position >> 3] >> (7 - (Position & 7)) & 1);
        return value;
    }

    public bool ReadFlag() => Read(1) != 0;

    /// <summary>Reads a number below <paramref name="limit"/> in the "ns(n)" coding of the AV1 specification, section 4.10.7.</summary>
    public uint ReadNonSymmetric(uint limit)
    {
        if (limit <= 1)
            return 0;
        var width = 32 - System.Numerics.BitOperations.LeadingZeroCount(limit);
        var threshold = (1u << width) - limit;
        var value = Read(width - 1);
        return value < threshold ? value : (value << 1) - threshold + Read(1);
    }
}

/// <summary>Writes bits, most significant first, into bytes that the caller has cleared.</summary>
internal ref struct BitWriter(Span<byte> data)
{
    private readonly Span<byte> _data = data;

    public int Position { get; private set; }

    public void Write(uint value, int count)
    {
        for (var i = count - 1; i >= 0; i--, Position++)
            _data[Position >> 3] |= (byte)((value >> i & 1) << (7 - (Position & 7)));
    }

    public void Copy(ref BitReader source, int count)
    {
        for (; count > 0; count -= 24)
        {
            var step = Math.Min(count, 24);
            Write(source.Read(step), step);
        }
    }
}
