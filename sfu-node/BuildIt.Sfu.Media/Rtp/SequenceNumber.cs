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

/// <summary>
/// Widens 16-bit numbers to 64 bits so that order survives the wrap. Each number is read as the one nearest to the highest so far.
/// The first number keeps its value plus one whole circle, so that reordered packets from before the start stay positive.
/// </summary>
public struct SequenceUnwrapper
{
    private long _highest;

    /// <summary>True once a number was unwrapped.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>The highest number seen, unwrapped.</summary>
    public readonly long Highest => _highest;

    /// <summary>Unwraps <paramref name="value"/> and remembers it when it is the highest.</summary>
    public long Unwrap(ushort value)
    {
        var unwrapped = Peek(value);
        if (!HasStarted || unwrapped > _highest)
        {
            _highest = unwrapped;
            HasStarted = true;
        }

        return unwrapped;
    }

    /// <summary>Unwraps <paramref name="value"/> without remembering it.</summary>
    public readonly long Peek(ushort value) =>
        HasStarted ? _highest + (short)(value - (ushort)_highest) : value + 0x1_0000L;

    /// <summary>Goes on from <paramref name="sequence"/>, whatever came before.</summary>
    internal void Restart(long sequence)
    {
        _highest = sequence;
        HasStarted = true;
    }
}
