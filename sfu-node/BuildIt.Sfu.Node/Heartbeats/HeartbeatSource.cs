using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.Relays;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Heartbeats;

/// <summary>Puts together what this node says about itself. Thread-safe.</summary>
public sealed class HeartbeatSource(
    NodeSettings settings,
    NodeLifecycle lifecycle,
    LoadMonitor load,
    INodeActivity activity,
    NodeAddresses addresses,
    TimeProvider time,
    RouteTable? routes = null,
    LinkReports? links = null,
    LinkBounds? bounds = null)
{
    private readonly string _boot = Guid.NewGuid().ToString("N");
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private long _sequence;

    public NodeId Node => settings.Node;

    public Heartbeat Next() => new()
    {
        Node = settings.Node,
        Namespace = settings.Namespace,
        Cluster = settings.Cluster,
        Region = settings.Region,
        Revision = settings.Revision,
        State = lifecycle.State,
        Load = load.Current,
        Capacity = settings.Capacity,
        Endpoints = addresses.Current,
        StartedAt = _startedAt,
        Boot = _boot,
        Sequence = Interlocked.Increment(ref _sequence),
        Rooms = activity.Reports(),
        Fences = routes?.Fences() ?? [],
        Links = links?.Current ?? [],
        LinkAllowances = bounds?.Reports() ?? [],
    };
}
