using BuildIt.Operator.Fleets;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Links;

/// <summary>One end of a link that is ordered.</summary>
/// <param name="Cluster">The fleet of the node that gets the order.</param>
/// <param name="Node">The node.</param>
/// <param name="Order">What it is told.</param>
internal sealed record LinkOrderEnd(ObjectKey Cluster, string Node, LinkOrder Order);

/// <summary>
/// Which nodes keep a link for each RegionLink, and whether they have been told. A node may do so for several; it gets all its orders at
/// once. Any thread.
/// </summary>
internal sealed class LinkOrderBook(NodeProber prober, TimeProvider time)
{
    /// <summary>Told once, a node shows it in its next heartbeat. One that does not is told again.</summary>
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, IReadOnlyList<LinkOrderEnd>> _links = [];
    private readonly Dictionary<(string Namespace, string Node), Told> _told = [];

    /// <summary>The nodes that keep a link now; empty when none do.</summary>
    public IReadOnlyList<LinkOrderEnd> Of(ObjectKey link)
    {
        lock (_lock)
        {
            return _links.GetValueOrDefault(link) ?? [];
        }
    }

    /// <summary>
    /// Chooses a node on each side: those that do it now while they can, else the first that can. Empty when a side has none.
    /// </summary>
    public static IReadOnlyList<LinkOrderEnd> Choose(
        FleetView a, FleetView b, IReadOnlyList<LinkOrderEnd> now, TimeSpan interval, long maxBitsPerSecond)
    {
        if (Pick(a, now) is not { } first || Pick(b, now) is not { } second)
        {
            return [];
        }

        return
        [
            new LinkOrderEnd(a.Key, first.Observation.Name, Order(b, second, opens: true)),
            new LinkOrderEnd(b.Key, second.Observation.Name, Order(a, first, opens: false)),
        ];

        FleetInstance? Pick(FleetView fleet, IReadOnlyList<LinkOrderEnd> present)
        {
            var able = LinkEnds.Relays(fleet);
            return able.FirstOrDefault(pod => present.Any(end => end.Cluster == fleet.Key && end.Node == pod.Observation.Name)) ?? able.FirstOrDefault();
        }

        LinkOrder Order(FleetView fleet, FleetInstance peer, bool opens) => new()
        {
            Peer = new NodeId(peer.Observation.Name),
            Cluster = fleet.Key.Name,
            Region = fleet.Cluster.Spec.Region,
            Opens = opens,
            Relay = peer.Endpoints!.Relay,
            RelayOutside = peer.Endpoints.RelayOutside,
            RelayFingerprint = peer.Endpoints.RelayFingerprint,
            IntervalMilliseconds = (int)Math.Min(interval.TotalMilliseconds, int.MaxValue),
            MaxBitsPerSecond = maxBitsPerSecond,
        };
    }

    /// <summary>Says which nodes keep a link, and tells those that do not know, or are not to any more.</summary>
    /// <param name="link">The link.</param>
    /// <param name="ends">Its ends; empty when none are to.</param>
    /// <param name="linksOf">The links that a node reports; null when it is silent.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task GiveAsync(
        ObjectKey link, IReadOnlyList<LinkOrderEnd> ends, Func<string, IReadOnlyList<LinkReport>?> linksOf, CancellationToken cancellation)
    {
        var due = new List<(LinkOrderEnd End, LinkOrders Orders, (string, string) Key)>();
        lock (_lock)
        {
            var before = _links.GetValueOrDefault(link) ?? [];
            if (ends.Count == 0)
            {
                _links.Remove(link);
            }
            else
            {
                _links[link] = ends;
            }

            foreach (var end in before.Concat(ends).DistinctBy(end => end.Node))
            {
                var key = (end.Cluster.Namespace, end.Node);
                var orders = OrdersOf_NeedsLock(key);
                if (IsDue_NeedsLock(key, orders, linksOf(end.Node)))
                {
                    due.Add((end, orders, key));
                }
            }
        }

        foreach (var (end, orders, key) in due)
        {
            var fleet = prober.Of(end.Cluster);
            var address = fleet.Nodes.FirstOrDefault(node => node.Address.Instance == end.Node)?.Address;
            if (address is null)
            {
                // A pod that is gone knows nothing, and its name does not come again.
                lock (_lock)
                {
                    _told.Remove(key);
                }

                continue;
            }

            if (fleet.Client is { } client && await client.LinksAsync(address, orders, cancellation).ConfigureAwait(false))
            {
                lock (_lock)
                {
                    _told[key] = new Told(orders, time.GetUtcNow());
                }
            }
        }
    }

    private LinkOrders OrdersOf_NeedsLock((string Namespace, string Node) node) => new()
    {
        Links =
        [
            .. _links.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal)
                .Where(pair => pair.Key.Namespace == node.Namespace)
                .SelectMany(pair => pair.Value)
                .Where(end => end.Node == node.Node)
                .Select(end => end.Order)
                .DistinctBy(order => order.Peer)
                .Take(LinkOrders.MaxOrders),
        ],
    };

    private bool IsDue_NeedsLock((string Namespace, string Node) key, LinkOrders orders, IReadOnlyList<LinkReport>? reported)
    {
        var told = _told.GetValueOrDefault(key);
        if (told is null ? orders.Links.Count > 0 : !told.Orders.Links.SequenceEqual(orders.Links))
        {
            return true;
        }

        if (reported is null || told?.At + Repeat > time.GetUtcNow())
        {
            return false;
        }

        var has = reported.Where(report => report.Ordered).Select(report => report.Peer).ToHashSet();
        if (!has.SetEquals(orders.Links.Select(order => order.Peer)))
        {
            return true;
        }

        if (orders.Links.Count == 0)
        {
            _told.Remove(key);
        }

        return false;
    }

    private sealed record Told(LinkOrders Orders, DateTimeOffset At);
}
