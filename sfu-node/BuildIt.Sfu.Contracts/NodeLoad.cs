namespace BuildIt.Sfu.Contracts;

/// <summary>What a node carries, in absolute numbers. All are zero or more.</summary>
public sealed record NodeLoad
{
    public static readonly NodeLoad None = new();

    public int Rooms { get; init; }

    public int Participants { get; init; }

    /// <summary>Participants that publish at least one track.</summary>
    public int Publishers { get; init; }

    /// <summary>Participants that are subscribed to at least one track.</summary>
    public int Subscribers { get; init; }

    /// <summary>Media received, from clients and over links, averaged over the last seconds, in bits per second.</summary>
    public long IngressBitsPerSecond { get; init; }

    /// <summary>Media sent, to clients and over links, averaged over the last seconds, in bits per second.</summary>
    public long EgressBitsPerSecond { get; init; }

    /// <summary>Processor time used as a fraction of what the pod may use (its cgroup limit), 0 to 1, averaged over some 15 seconds.</summary>
    public double Cpu { get; init; }

    /// <summary>Memory in use as a fraction of what the pod may use (its cgroup limit), 0 to 1.</summary>
    public double Memory { get; init; }
}

/// <summary>What one node may carry; the defaults are the plan's figures for 4 CPU and 8 GiB. A limit of zero does not limit.</summary>
/// <param name="MaxPublishers">Participants that publish.</param>
/// <param name="MaxSubscribers">Participants that subscribe.</param>
/// <param name="MaxRooms">Rooms.</param>
/// <param name="IngressBitsPerSecond">Media received.</param>
/// <param name="EgressBitsPerSecond">Media sent.</param>
public sealed record NodeCapacity(
    int MaxPublishers = 50,
    int MaxSubscribers = 200,
    int MaxRooms = 10,
    long IngressBitsPerSecond = 500_000_000,
    long EgressBitsPerSecond = 2_000_000_000)
{
    public static readonly NodeCapacity Default = new();
}

/// <summary>Load as fractions of capacity: 0 is idle, 1 is full, more than 1 is overloaded.</summary>
public readonly record struct LoadFractions(
    double Publishers,
    double Subscribers,
    double Rooms,
    double Ingress,
    double Egress,
    double Cpu)
{
    /// <summary>The fraction that is nearest to the limit.</summary>
    public double Highest =>
        Math.Max(Math.Max(Math.Max(Publishers, Subscribers), Math.Max(Rooms, Ingress)), Math.Max(Egress, Cpu));

    public static LoadFractions Of(NodeLoad load, NodeCapacity capacity) => new(
        Fraction(load.Publishers, capacity.MaxPublishers),
        Fraction(load.Subscribers, capacity.MaxSubscribers),
        Fraction(load.Rooms, capacity.MaxRooms),
        Fraction(load.IngressBitsPerSecond, capacity.IngressBitsPerSecond),
        Fraction(load.EgressBitsPerSecond, capacity.EgressBitsPerSecond),
        double.IsFinite(load.Cpu) ? Math.Max(0, load.Cpu) : 0);

    private static double Fraction(long value, long limit) => limit <= 0 || value <= 0 ? 0 : (double)value / limit;
}
