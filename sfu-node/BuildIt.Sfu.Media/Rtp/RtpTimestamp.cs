namespace BuildIt.Sfu.Media.Rtp;

/// <summary>A 32-bit RTP timestamp in ticks of the payload's clock (RFC 3550 section 5.1). Comparison is by the shorter way round.</summary>
public readonly record struct RtpTimestamp(uint Value)
{
    /// <summary>Signed ticks from <paramref name="other"/> to this one.</summary>
    public int DistanceFrom(RtpTimestamp other) => (int)(Value - other.Value);

    /// <summary>True when this timestamp comes after <paramref name="other"/>.</summary>
    public bool IsNewerThan(RtpTimestamp other) => (int)(Value - other.Value) > 0;

    public static RtpTimestamp operator +(RtpTimestamp timestamp, long ticks) => new((uint)(timestamp.Value + ticks));

    public override string ToString() => Value.ToString();
}
