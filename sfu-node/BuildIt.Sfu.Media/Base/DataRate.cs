namespace BuildIt.Sfu.Media.Base;

/// <summary>A rate of data, in whole bits per second.</summary>
public readonly record struct DataRate(long BitsPerSecond) : IComparable<DataRate>
{
    public static readonly DataRate Zero = new(0);

    /// <summary>Above every reachable rate: "no limit".</summary>
    public static readonly DataRate Infinite = new(long.MaxValue);

    public double KilobitsPerSecond => BitsPerSecond / 1000.0;

    public static DataRate FromKilobits(double kilobits) => new((long)(kilobits * 1000));

    public static DataRate FromMegabits(double megabits) => new((long)(megabits * 1_000_000));

    public static DataRate Min(DataRate a, DataRate b) => a.BitsPerSecond <= b.BitsPerSecond ? a : b;

    public static DataRate Max(DataRate a, DataRate b) => a.BitsPerSecond >= b.BitsPerSecond ? a : b;

    /// <summary>The amount that passes in <paramref name="span"/> at this rate.</summary>
    public DataSize Over(TimeSpan span) => new((long)(BitsPerSecond / 8.0 * span.TotalSeconds));

    /// <summary>The time that <paramref name="size"/> takes at this rate; the longest span when the rate is zero.</summary>
    public TimeSpan TimeFor(DataSize size) =>
        BitsPerSecond <= 0 ? TimeSpan.MaxValue : TimeSpan.FromSeconds(size.Bits / (double)BitsPerSecond);

    public int CompareTo(DataRate other) => BitsPerSecond.CompareTo(other.BitsPerSecond);

    public static DataRate operator +(DataRate a, DataRate b) => new(a.BitsPerSecond + b.BitsPerSecond);

    public static DataRate operator -(DataRate a, DataRate b) => new(a.BitsPerSecond - b.BitsPerSecond);

    public static DataRate operator *(DataRate a, double factor) => new((long)(a.BitsPerSecond * factor));

    public static bool operator <(DataRate a, DataRate b) => a.BitsPerSecond < b.BitsPerSecond;

    public static bool operator >(DataRate a, DataRate b) => a.BitsPerSecond > b.BitsPerSecond;

    public static bool operator <=(DataRate a, DataRate b) => a.BitsPerSecond <= b.BitsPerSecond;

    public static bool operator >=(DataRate a, DataRate b) => a.BitsPerSecond >= b.BitsPerSecond;

    public override string ToString() => BitsPerSecond == long.MaxValue ? "unlimited" : $"{KilobitsPerSecond:0.#} kbps";
}

/// <summary>An amount of data, in whole bytes.</summary>
public readonly record struct DataSize(long Bytes) : IComparable<DataSize>
{
    public static readonly DataSize Zero = new(0);

    public long Bits => Bytes * 8;

    public int CompareTo(DataSize other) => Bytes.CompareTo(other.Bytes);

    public static DataSize operator +(DataSize a, DataSize b) => new(a.Bytes + b.Bytes);

    public static DataSize operator -(DataSize a, DataSize b) => new(a.Bytes - b.Bytes);

    public static bool operator <(DataSize a, DataSize b) => a.Bytes < b.Bytes;

    public static bool operator >(DataSize a, DataSize b) => a.Bytes > b.Bytes;

    public static bool operator <=(DataSize a, DataSize b) => a.Bytes <= b.Bytes;

    public static bool operator >=(DataSize a, DataSize b) => a.Bytes >= b.Bytes;

    /// <summary>The rate at which this amount passes in <paramref name="span"/>; zero for an empty or negative span.</summary>
    public DataRate Per(TimeSpan span) => span <= TimeSpan.Zero ? DataRate.Zero : new((long)(Bits / span.TotalSeconds));

    public override string ToString() => $"{Bytes} B";
}
