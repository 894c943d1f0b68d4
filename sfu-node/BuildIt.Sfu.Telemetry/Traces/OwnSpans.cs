using System.Diagnostics;

namespace BuildIt.Sfu.Telemetry.Traces;

/// <summary>Tells the spans of this product from those of libraries, of which none is exported.</summary>
public static class OwnSpans
{
    /// <summary>What the names of all sources of spans begin with.</summary>
    public const string Prefix = "BuildIt.";

    /// <summary>The innermost of our spans that the caller is in; null outside of any, and always where tracing is off.</summary>
    public static Activity? Current
    {
        get
        {
            var current = Activity.Current;
            while (current is not null && !current.Source.Name.StartsWith(Prefix, StringComparison.Ordinal))
            {
                current = current.Parent;
            }

            return current;
        }
    }

    /// <summary>The context that somebody wrote as a traceparent (W3C Trace Context, section 3.2); none where it is not one.</summary>
    public static ActivityContext Read(string? traceparent) =>
        traceparent is { Length: 55 } && ActivityContext.TryParse(traceparent, null, isRemote: true, out var context) ? context : default;

    /// <summary>
    /// Begins a span. Unlike <see cref="ActivitySource.StartActivity(string, ActivityKind)"/> it goes by nothing that happens to be
    /// around, such as what a web server made of a stranger's headers.
    /// </summary>
    /// <param name="source">Whose.</param>
    /// <param name="name">Its name, one of docs/tracing.md.</param>
    /// <param name="kind">What it is to others.</param>
    /// <param name="parent">What it is part of; none for a trace of its own.</param>
    /// <param name="links">What else it has to do with.</param>
    /// <returns>Null where nobody wants it, which costs nothing.</returns>
    public static Activity? Start(ActivitySource source, string name, ActivityKind kind, ActivityContext parent, params ReadOnlySpan<ActivityContext> links)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (!source.HasListeners())
        {
            return null;
        }

        List<ActivityLink>? linked = null;
        foreach (var link in links)
        {
            if (link != default)
            {
                (linked ??= []).Add(new ActivityLink(link));
            }
        }

        var around = Activity.Current;
        Activity.Current = null;
        var started = source.StartActivity(name, kind, parent, links: linked);
        if (started is null)
        {
            Activity.Current = around;
        }

        return started;
    }
}
