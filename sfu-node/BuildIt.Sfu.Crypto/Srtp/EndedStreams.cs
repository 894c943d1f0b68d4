namespace BuildIt.Sfu.Crypto.Srtp;

/// <summary>
/// The SSRCs that were ended under a key, for as long as it lives. Kept as ranges: who gives out SSRCs one after another has few of
/// them, however many streams came and went.
/// </summary>
internal sealed class EndedStreams
{
    /// <summary>Ranges remembered. Beyond that nothing can be kept apart any more, and no new stream begins.</summary>
    public const int MaxRanges = 4096;

    private readonly List<(uint First, uint Last)> _ranges = [];

    /// <summary>Ranges kept.</summary>
    public int Count => _ranges.Count;

    public bool IsFull { get; private set; }

    public bool Contains(uint ssrc)
    {
        var place = Find(ssrc);
        return place >= 0 && _ranges[place].Last >= ssrc;
    }

    public void Add(uint ssrc)
    {
        if (Contains(ssrc))
        {
            return;
        }

        var before = Find(ssrc);
        var joinsBefore = before >= 0 && _ranges[before].Last + 1 == ssrc;
        var joinsAfter = before + 1 < _ranges.Count && _ranges[before + 1].First - 1 == ssrc;
        if (joinsBefore && joinsAfter)
        {
            _ranges[before] = (_ranges[before].First, _ranges[before + 1].Last);
            _ranges.RemoveAt(before + 1);
        }
        else if (joinsBefore)
        {
            _ranges[before] = (_ranges[before].First, ssrc);
        }
        else if (joinsAfter)
        {
            _ranges[before + 1] = (ssrc, _ranges[before + 1].Last);
        }
        else if (_ranges.Count < MaxRanges)
        {
            _ranges.Insert(before + 1, (ssrc, ssrc));
        }
        else
        {
            IsFull = true;
        }
    }

    /// <summary>Place of the last range that begins at or before <paramref name="ssrc"/>; -1 when none does.</summary>
    private int Find(uint ssrc)
    {
        var (low, high) = (0, _ranges.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].First <= ssrc)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }
}
