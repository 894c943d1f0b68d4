namespace BuildIt.Sfu.Media.Rtp;

/// <summary>A 16-bit RTP sequence number (RFC 3550 section 5.1). Comparison is by the shorter way round the circle.</summary>
public readonly record struct SequenceNumber(ushort Value)
{
    /// <summary>Signed steps from <paramref name="other"/> to this one, from -32768 to 32767.</summary>
    public int DistanceFrom(SequenceNumber other) => (short)(Value - other.Value);

    /// <summary>True when this number comes after <paramref name="other"/>.</summary>
    public bool IsNewerThan(SequenceNumber other) => (short)(Value - other.Value) > 0;

    public static SequenceNumber operator +(SequenceNumber number, int steps) => new((ushort)(number.Value + steps));

    public override string ToString() => Value.ToString();
}
