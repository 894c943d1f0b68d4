namespace BuildIt.Sfu.Media.Base;

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
