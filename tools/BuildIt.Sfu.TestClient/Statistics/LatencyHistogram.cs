namespace BuildIt.Sfu.TestClient.Statistics;

/// <summary>
/// Delays in microseconds, in buckets of about 3 % width: no allocation to add, cheap to merge. Not thread-safe.
/// </summary>
public sealed class LatencyHistogram
{
    private const int Steps = 32;
    private const int Octaves = 32;

    private readonly long[] _counts = new long[Steps * Octaves];

    public long Count { get; private set; }

    /// <summary>Adds one delay; negative ones, which only differing clocks make, count as zero.</summary>
    public void Add(long microseconds)
    {
        _counts[IndexOf(Math.Max(0, microseconds))]++;
        Count++;
    }

    public void Merge(LatencyHistogram other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
    }

    /// <summary>The delay under which <paramref name="share"/> (0 to 1) of all lie; zero when there are none.</summary>
    public TimeSpan Percentile(double share)
    {
        var wanted = (long)Math.Ceiling(Count * share);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted && seen > 0)
            {
                return TimeSpan.FromMicroseconds(UpperBound(i));
            }
        }

        return TimeSpan.Zero;
    }

    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
    }

    // Values under 32 have a bucket each; above, each power of two has 32 of equal width.
    private static int IndexOf(long value)
    {
        if (value < Steps)
        {
            return (int)value;
        }

        var octave = System.Numerics.BitOperations.Log2((ulong)value) - 5;
        return Math.Min((octave + 1) * Steps + (int)(value >> octave) - Steps, Steps * Octaves - 1);
    }

    private static long UpperBound(int index)
    {
        if (index < Steps)
        {
            return index;
        }

        var octave = index / Steps - 1;
        return ((long)(index % Steps + Steps + 1) << octave) - 1;
    }
}
