namespace BuildIt.Operator.Planning.Model;

/// <summary>What one pod carries, in absolute numbers; rates in bits per second, <see cref="Cpu"/> as a fraction of its limit.</summary>
public readonly record struct PodLoad(
    int Rooms,
    int Participants,
    int Publishers,
    int Subscribers,
    long Ingress,
    long Egress,
    double Cpu)
{
    public static readonly PodLoad None;

    /// <summary>True when the pod serves nobody, so that nobody would notice its end.</summary>
    public bool IsEmpty => Rooms <= 0 && Participants <= 0;

    /// <summary>Fractions of capacity, one for each metric; 1 is full.</summary>
    public double FractionOf(PodCapacity capacity, LoadMetric metric) => metric switch
    {
        LoadMetric.Publishers => Fraction(Publishers, capacity.MaxPublishers),
        LoadMetric.Subscribers => Fraction(Subscribers, capacity.MaxSubscribers),
        LoadMetric.Rooms => Fraction(Rooms, capacity.MaxRooms),
        LoadMetric.Ingress => Fraction(Ingress, capacity.Ingress),
        LoadMetric.Egress => Fraction(Egress, capacity.Egress),
        LoadMetric.Cpu => Cpu > 0 && double.IsFinite(Cpu) ? Cpu : 0,
        _ => 0,
    };

    /// <summary>The highest fraction over all metrics.</summary>
    public double Highest(PodCapacity capacity)
    {
        var highest = 0.0;
        for (var metric = LoadMetric.Publishers; metric <= LoadMetric.Cpu; metric++)
        {
            highest = Math.Max(highest, FractionOf(capacity, metric));
        }

        return highest;
    }

    public static PodLoad operator +(PodLoad a, PodLoad b) => new(
        a.Rooms + b.Rooms,
        a.Participants + b.Participants,
        a.Publishers + b.Publishers,
        a.Subscribers + b.Subscribers,
        a.Ingress + b.Ingress,
        a.Egress + b.Egress,
        a.Cpu + b.Cpu);

    private static double Fraction(long value, long limit) => limit <= 0 || value <= 0 ? 0 : (double)value / limit;
}

/// <summary>What one pod may carry; rates in bits per second. Zero means that the measure does not limit.</summary>
public readonly record struct PodCapacity(int MaxPublishers, int MaxSubscribers, int MaxRooms, long Ingress, long Egress)
{
    /// <summary>The plan's figures for 4 CPU and 8 GiB.</summary>
    public static readonly PodCapacity Default = new(50, 200, 10, 500_000_000, 2_000_000_000);
}

/// <summary>A measure by which a fleet may be sized.</summary>
public enum LoadMetric
{
    Publishers,
    Subscribers,
    Rooms,
    Ingress,
    Egress,

    /// <summary>Last: the only measure whose capacity is the pod's own limit.</summary>
    Cpu,
}
