using System.Collections.Concurrent;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Registry;

/// <summary>The newest heartbeat of a node, and when it arrived by the operator's clock.</summary>
public sealed record HeardHeartbeat(Heartbeat Heartbeat, DateTimeOffset At);

/// <summary>
/// What a registry has said so far. A heartbeat counts as new only when it is newer than the one before it, so that a value
/// that merely lies there proves nothing. Takes the time as an argument. One thread reads registries into it.
/// </summary>
public sealed class HeartbeatBook
{
    /// <summary>A node that was not heard for so long and is not in the index is forgotten.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<string, HeardHeartbeat> _nodes = new(StringComparer.Ordinal);

    // The process before the present one, by node: a registry that was set back may bring its last words again.
    private readonly Dictionary<string, string> _past = new(StringComparer.Ordinal);

    /// <summary>Since when the registry has answered without a break and without losing what it held; null while it does not.</summary>
    public DateTimeOffset? ReachableSince { get; private set; }

    /// <summary>The newest heartbeats by node. Any thread may read it, whatever goes on.</summary>
    public IReadOnlyDictionary<string, HeardHeartbeat> Nodes => _nodes;

    /// <summary>Takes over one complete reading of the registry.</summary>
    /// <param name="heartbeats">What it holds.</param>
    /// <param name="isNew">It has been emptied or replaced since the last reading.</param>
    /// <param name="now">The time.</param>
    /// <returns>The fleets of which something that matters has changed.</returns>
    public IReadOnlySet<string> Read(IEnumerable<Heartbeat> heartbeats, bool isNew, DateTimeOffset now)
    {
        var changed = new HashSet<string>(StringComparer.Ordinal);
        if (ReachableSince is null || isNew)
        {
            ReachableSince = now;
            changed.UnionWith(_nodes.Values.Select(node => node.Heartbeat.Cluster));
        }

        foreach (var heartbeat in heartbeats)
        {
            var known = _nodes.GetValueOrDefault(heartbeat.Node.Value);
            if (known is not null && (!heartbeat.IsNewerThan(known.Heartbeat) || _past.GetValueOrDefault(heartbeat.Node.Value) == heartbeat.Boot))
            {
                continue;
            }

            if (known is not null && known.Heartbeat.Boot != heartbeat.Boot)
            {
                _past[heartbeat.Node.Value] = known.Heartbeat.Boot;
            }

            _nodes[heartbeat.Node.Value] = new HeardHeartbeat(heartbeat, now);
            if (known is null || now - known.At > Heartbeat.Expiry || Differs(known.Heartbeat, heartbeat))
            {
                changed.Add(heartbeat.Cluster);
            }
        }

        foreach (var (node, heard) in _nodes)
        {
            if (now - heard.At > Memory)
            {
                _nodes.TryRemove(node, out _);
                _past.Remove(node);
            }
        }

        return changed;
    }

    /// <summary>The registry did not answer.</summary>
    /// <returns>The fleets to which that is news.</returns>
    public IReadOnlySet<string> Miss()
    {
        if (ReachableSince is null)
        {
            return new HashSet<string>();
        }

        ReachableSince = null;
        return _nodes.Values.Select(node => node.Heartbeat.Cluster).ToHashSet(StringComparer.Ordinal);
    }

    private static bool Differs(Heartbeat a, Heartbeat b) =>
        a.State != b.State || a.Boot != b.Boot || a.Load.Rooms != b.Load.Rooms || a.Load.Participants != b.Load.Participants
        || a.Load.Publishers != b.Load.Publishers || a.Load.Subscribers != b.Load.Subscribers || a.Endpoints != b.Endpoints
        || Ending(a) != Ending(b) || CutOff(a) != CutOff(b) || !a.Fences.SequenceEqual(b.Fences)
        || Moved(a.Fractions().Ingress, b.Fractions().Ingress) || Moved(a.Fractions().Egress, b.Fractions().Egress)
        || Moved(a.Fractions().Cpu, b.Fractions().Cpu);

    /// <summary>Rooms that have lost the node that feeds them.</summary>
    private static int CutOff(Heartbeat heartbeat)
    {
        var cutOff = 0;
        for (var i = 0; i < heartbeat.Rooms.Count; i++)
        {
            cutOff += heartbeat.Rooms[i].ParentConnected is false ? 1 : 0;
        }

        return cutOff;
    }

    /// <summary>Rooms that are to be ended.</summary>
    internal static int Ending(Heartbeat heartbeat)
    {
        var ending = 0;
        for (var i = 0; i < heartbeat.Rooms.Count; i++)
        {
            ending += heartbeat.Rooms[i].EndRequested ? 1 : 0;
        }

        return ending;
    }

    // Rates never stand still; a hundredth of capacity is what a status shows.
    private static bool Moved(double a, double b) => Math.Abs(a - b) >= 0.01;
}
