using BuildIt.Operator.Runtime.Queue;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>How an informer lists and watches.</summary>
public sealed record InformerOptions
{
    /// <summary>Objects in one page of a list.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>How long the server is asked to keep a watch open; up to half more is added, so that watches do not all end together.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>A watch that the server has not ended this long after its time counts as stalled and is dropped.</summary>
    public TimeSpan StallGrace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How often a kind that may be absent, and is, is looked for again.</summary>
    public TimeSpan AbsentInterval { get; init; } = TimeSpan.FromMinutes(1);

    public Backoff Backoff { get; init; } = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(30));
}
