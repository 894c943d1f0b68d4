namespace BuildIt.Sfu.Contracts.Telemetry;

/// <summary>What a metric is.</summary>
public sealed record MetricDescription
{
    /// <param name="name">Its name.</param>
    /// <param name="kind">What kind of a series it is.</param>
    /// <param name="source">Which process answers with it.</param>
    /// <param name="unit">In what it is measured.</param>
    /// <param name="meaning">What it says, as in its help text.</param>
    /// <param name="labels">Its labels, beside those that every series of the process has. Each has few values, or a bound.</param>
    public MetricDescription(string name, MetricKind kind, MetricSource source, MetricUnit unit, string meaning, params string[] labels)
    {
        Name = name;
        Kind = kind;
        Source = source;
        Unit = unit;
        Meaning = meaning;
        Labels = labels;
    }

    public string Name { get; }

    public MetricKind Kind { get; }

    public MetricSource Source { get; }

    public MetricUnit Unit { get; }

    public string Meaning { get; }

    public IReadOnlyList<string> Labels { get; }
}

/// <summary>Kinds of series, as Prometheus has them.</summary>
public enum MetricKind
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>Processes that have metrics.</summary>
public enum MetricSource
{
    Operator,
    Node,
    RoomApi,
}

/// <summary>What metrics are measured in.</summary>
public enum MetricUnit
{
    /// <summary>A number of things.</summary>
    Count,
    Seconds,
    Bytes,

    /// <summary>A share, 0 to 1.</summary>
    Ratio,

    /// <summary>1 for yes, 0 for no.</summary>
    State,
}
