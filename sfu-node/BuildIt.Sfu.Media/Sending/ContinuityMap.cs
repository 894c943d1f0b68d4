namespace BuildIt.Sfu.Media.Sending;

/// <summary>What a <see cref="ContinuityMap"/> knows of a number.</summary>
public enum ContinuityState : byte
{
    Open,
    Mapped,
    Dropped,
}

/// <summary>
/// Maps the growing numbers of a source (widened sequence numbers, picture ids) to numbers without the gaps that dropping makes.
/// Numbers passed over stay mapped, because their packets may still come; so losses stay visible and reordering stays harmless.
/// </summary>
public sealed class ContinuityMap
{
    private const long Dropped = -1;

    // Marks a number that was passed over and not asked for yet.
    private const long Pending = 1L << 62;

    private readonly long[] _mapped;
    private long _first;
    private long _offset;

    /// <param name="window">How many numbers behind the highest one may still come; a power of two.</param>
    public ContinuityMap(int window)
    {
        _mapped = new long[window];
        Highest = -1;
    }

    /// <summary>Highest source number seen, dropped ones included.</summary>
    public long Highest { get; private set; }

    /// <summary>Highest number given out or kept for a number that was passed over.</summary>
    public long HighestMapped => Highest - _offset;

    /// <summary>Starts (again) with <paramref name="number"/> to be mapped to <paramref name="mapped"/>. Earlier numbers are refused from now on.</summary>
    public void Start(long number, long mapped)
    {
        _first = number;
        _offset = number - mapped;
        Highest = number - 1;
    }

    /// <summary>Maps a number whose packet is forwarded; false when it is too old, or was dropped before.</summary>
    public bool TryMap(long number, out long mapped)
    {
        if (number > Highest)
        {
            PassOver(number);
            mapped = number - _offset;
            _mapped[number & _mapped.Length - 1] = mapped;
            return true;
        }

        if (!TryFind(number, out mapped))
            return false;
        _mapped[number & _mapped.Length - 1] = mapped;
        return true;
    }

    /// <summary>What was decided about a number; <see cref="ContinuityState.Open"/> when nothing was yet or it is too old to tell.</summary>
    public ContinuityState StateOf(long number)
    {
        if (number > Highest || number < _first || number <= Highest - _mapped.Length)
            return ContinuityState.Open;
        var mapped = _mapped[number & _mapped.Length - 1];
        return mapped == Dropped ? ContinuityState.Dropped : mapped >= Pending ? ContinuityState.Open : ContinuityState.Mapped;
    }

    /// <summary>
    /// Closes the gap of a number whose packet is not forwarded. True when it was passed over before, so that a hole remains at
    /// <paramref name="hole"/>.
    /// </summary>
    public bool Drop(long number, out long hole)
    {
        hole = 0;
        if (number > Highest)
        {
            PassOver(number);
            _offset++;
        }
        else if (!TryFind(number, out hole))
        {
            return false;
        }

        _mapped[number & _mapped.Length - 1] = Dropped;
        return hole != 0;
    }

    /// <summary>Takes one mapped number after the highest for a packet that has no source, and returns it.</summary>
    public long Insert()
    {
        _offset--;
        return HighestMapped;
    }

    private bool TryFind(long number, out long mapped)
    {
        mapped = 0;
        if (number < _first || number <= Highest - _mapped.Length)
            return false;
        mapped = _mapped[number & _mapped.Length - 1];
        if (mapped == Dropped)
            return false;
        mapped &= ~Pending;
        return true;
    }

    private void PassOver(long number)
    {
        // Too much is missing to keep a number for each: it is lost for good, or its source began anew. One number stays empty, so that
        // whoever decodes sees that something is missing.
        if (number - Highest > _mapped.Length)
        {
            _offset += number - Highest - 2;
            _first = number;
        }
        else
        {
            for (var missing = Highest + 1; missing < number; missing++)
                _mapped[missing & _mapped.Length - 1] = (missing - _offset) | Pending;
        }

        Highest = number;
    }
}
