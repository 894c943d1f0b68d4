using System.Buffers.Binary;

namespace BuildIt.Sfu.Media.Sctp;

/// <summary>Which TSNs have arrived: a cumulative point and ranges beyond it (RFC 9260 section 6.2).</summary>
internal sealed class ReceivedTsns(uint initialTsn)
{
    /// <summary>Bounds memory and the length of a SACK.</summary>
    private const int MaxRanges = 256;

    /// <summary>Gap offsets have 16 bits.</summary>
    private const uint MaxAhead = ushort.MaxValue;
    private const int MaxDuplicates = 16;

    private readonly List<(uint First, uint Last)> _ranges = [];
    private readonly List<uint> _duplicates = [];

    /// <summary>Everything up to here has arrived or was skipped.</summary>
    public uint Cumulative { get; private set; } = initialTsn - 1;

    public bool HasGaps => _ranges.Count > 0;

    /// <summary>Whether a chunk with this TSN is new and can be noted.</summary>
    public bool IsNew(uint tsn, out bool duplicate)
    {
        duplicate = Serial.LessOrEqual(tsn, Cumulative);
        if (duplicate || tsn - Cumulative > MaxAhead)
        {
            return false;
        }

        var index = FirstRangeEndingAtOrAfter(tsn);
        duplicate = index < _ranges.Count && Serial.LessOrEqual(_ranges[index].First, tsn);
        return !duplicate && (_ranges.Count < MaxRanges || tsn == Cumulative + 1 || Touches(index, tsn));
    }

    public void NoteDuplicate(uint tsn)
    {
        if (_duplicates.Count < MaxDuplicates)
        {
            _duplicates.Add(tsn);
        }
    }

    /// <summary>Notes a TSN for which <see cref="IsNew"/> was true.</summary>
    public void Add(uint tsn)
    {
        if (tsn == Cumulative + 1)
        {
            Cumulative = tsn;
            Absorb();
            return;
        }

        var index = FirstRangeEndingAtOrAfter(tsn);
        var joinsNext = index < _ranges.Count && _ranges[index].First == tsn + 1;
        var joinsPrevious = index > 0 && _ranges[index - 1].Last == tsn - 1;
        if (joinsNext && joinsPrevious)
        {
            _ranges[index - 1] = (_ranges[index - 1].First, _ranges[index].Last);
            _ranges.RemoveAt(index);
        }
        else if (joinsPrevious)
        {
            _ranges[index - 1] = (_ranges[index - 1].First, tsn);
        }
        else if (joinsNext)
        {
            _ranges[index] = (tsn, _ranges[index].Last);
        }
        else
        {
            _ranges.Insert(index, (tsn, tsn));
        }
    }

    /// <summary>The peer gave up everything up to <paramref name="tsn"/> (RFC 3758 section 3.6).</summary>
    public void SkipTo(uint tsn)
    {
        if (Serial.LessOrEqual(tsn, Cumulative))
        {
            return;
        }

        Cumulative = tsn;
        Absorb();
    }

    /// <summary>Length of the SACK value that <see cref="WriteSack"/> writes into at most <paramref name="room"/> bytes.</summary>
    public int SackLength(int room) => 12 + 4 * Math.Min(_ranges.Count + _duplicates.Count, Math.Max(0, (room - 12) / 4));

    /// <summary>Writes the value of a SACK chunk (RFC 9260 section 3.3.4); duplicates are reported once.</summary>
    public void WriteSack(Span<byte> value, uint window)
    {
        var fit = (value.Length - 12) / 4;
        var gaps = Math.Min(_ranges.Count, fit);
        var duplicates = Math.Min(_duplicates.Count, fit - gaps);
        BinaryPrimitives.WriteUInt32BigEndian(value, Cumulative);
        BinaryPrimitives.WriteUInt32BigEndian(value[4..], window);
        BinaryPrimitives.WriteUInt16BigEndian(value[8..], (ushort)gaps);
        BinaryPrimitives.WriteUInt16BigEndian(value[10..], (ushort)duplicates);
        value = value[12..];
        for (var i = 0; i < gaps; i++, value = value[4..])
        {
            BinaryPrimitives.WriteUInt16BigEndian(value, (ushort)(_ranges[i].First - Cumulative));
            BinaryPrimitives.WriteUInt16BigEndian(value[2..], (ushort)(_ranges[i].Last - Cumulative));
        }

        for (var i = 0; i < duplicates; i++, value = value[4..])
        {
            BinaryPrimitives.WriteUInt32BigEndian(value, _duplicates[i]);
        }

        _duplicates.Clear();
    }

    private void Absorb()
    {
        var absorbed = 0;
        while (absorbed < _ranges.Count && Serial.LessOrEqual(_ranges[absorbed].First, Cumulative + 1))
        {
            Cumulative = Serial.Less(Cumulative, _ranges[absorbed].Last) ? _ranges[absorbed].Last : Cumulative;
            absorbed++;
        }

        _ranges.RemoveRange(0, absorbed);
    }

    private bool Touches(int index, uint tsn) =>
        (index < _ranges.Count && _ranges[index].First == tsn + 1) || (index > 0 && _ranges[index - 1].Last == tsn - 1);

    private int FirstRangeEndingAtOrAfter(uint tsn)
    {
        int low = 0, high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Serial.Less(_ranges[middle].Last, tsn))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
