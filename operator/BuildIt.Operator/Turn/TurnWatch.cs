using BuildIt.Operator.Fleets;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Turn;

/// <summary>How often TURN servers are looked at.</summary>
/// <param name="Interval">Time between two looks at one server.</param>
public sealed record TurnWatchOptions(TimeSpan Interval)
{
    public static TurnWatchOptions Default { get; } = new(TimeSpan.FromSeconds(30));
}

/// <summary>Knows which of the TURN servers that fleets name answer. Any thread.</summary>
internal sealed class TurnWatch(TurnProbe probe, TurnWatchOptions options, FleetSignal signal, TimeProvider time)
    : Watchlist<TurnTarget, KnownTurn>("turn", options.Interval, EqualityComparer<TurnTarget>.Default, signal, time)
{
    /// <summary>What is known of a server.</summary>
    /// <param name="target">The server.</param>
    /// <param name="cluster">Who asks, and is told of news.</param>
    /// <returns>Whether it answers, null while that is not known, and what does not, in words.</returns>
    public (bool? Answers, string Fault) StateOf(TurnTarget target, ObjectKey cluster) => Ask(target, cluster, server => (server.Answers, server.Fault));

    protected override async Task<Func<KnownTurn, DateTimeOffset, bool>> LookAsync(TurnTarget subject, CancellationToken cancellation)
    {
        var fault = await probe.FaultOfAsync(subject, cancellation).ConfigureAwait(false);
        return (server, _) => server.Look(fault);
    }
}
