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

/// <summary>What a node may send to another fleet.</summary>
/// <param name="Cluster">The fleet of the node.</param>
/// <param name="Node">The node.</param>
/// <param name="Allowance">What it is told.</param>
internal sealed record LinkAllowanceEnd(ObjectKey Cluster, string Node, LinkAllowance Allowance);

/// <summary>
/// Which nodes keep a link for each RegionLink and how much each may send over it, and whether they have been told. A node may do so for
/// several; it gets all its orders at once. Any thread.
/// </summary>
internal sealed class LinkOrderBook(NodeProber prober, TimeProvider time)
{
    /// <summary>Told once, a node shows it in its next heartbeat. One that does not is told again.</summary>
    private static readonly TimeSpan Repeat = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, IReadOnlyList<LinkOrderEnd>> _links = [];
    private readonly Dictionary<ObjectKey, IReadOnlyList<LinkAllowanceEnd>> _allowances = [];
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
    public static IReadOnlyList<LinkOrderEnd> Choose(FleetView a, FleetView b, IReadOnlyList<LinkOrderEnd> now, TimeSpan interval)
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
        };
    }

    /// <summary>What a node was told within the last seconds that it may send to a fleet: it may not have reported since.</summary>
    public long? ToldLately(string ns, string node, string cluster)
    {
        lock (_lock)
        {
            return _told.TryGetValue((ns, node), out var told) && told.At + Repeat > time.GetUtcNow()
                ? told.Orders.Allowances.FirstOrDefault(allowance => allowance.Cluster == cluster)?.BitsPerSecond
                : null;
        }
    }

    /// <summary>
    /// Says which nodes keep a link and how much nodes may send over it, and tells those that do not know, or are not to any more.
    /// </summary>
    /// <param name="link">The link.</param>
    /// <param name="ends">Its ends; empty when none are to.</param>
    /// <param name="allowances">What nodes may send over it.</param>
    /// <param name="reportOf">What a node reports; null when it is silent.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task GiveAsync(
        ObjectKey link,
        IReadOnlyList<LinkOrderEnd> ends,
        IReadOnlyList<LinkAllowanceEnd> allowances,
        Func<string, Heartbeat?> reportOf,
        CancellationToken cancellation)
    {
        var due = new List<(ObjectKey Cluster, LinkOrders Orders, (string Namespace, string Node) Key)>();
        lock (_lock)
        {
            var concerned = NodesOf_NeedsLock(link).ToList();
            Set(_links, ends);
            Set(_allowances, allowances);
            foreach (var (cluster, node) in concerned.Concat(NodesOf_NeedsLock(link)).Distinct().ToList())
            {
                var key = (cluster.Namespace, node);
                var orders = OrdersOf_NeedsLock(key);
                if (IsDue_NeedsLock(key, orders, reportOf(node)))
                {
                    due.Add((cluster, orders, key));
                }
            }
        }

        foreach (var (cluster, orders, key) in due)
        {
            var fleet = prober.Of(cluster);
            var address = fleet.Nodes.FirstOrDefault(node => node.Address.Instance == key.Node)?.Address;
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

        void Set<T>(Dictionary<ObjectKey, IReadOnlyList<T>> all, IReadOnlyList<T> of)
        {
            if (of.Count == 0)
            {
                all.Remove(link);
            }
            else
            {
                all[link] = of;
            }
        }
    }

    private IEnumerable<(ObjectKey Cluster, string Node)> NodesOf_NeedsLock(ObjectKey link) =>
        (_links.GetValueOrDefault(link) ?? []).Select(end => (end.Cluster, end.Node))
            .Concat((_allowances.GetValueOrDefault(link) ?? []).Select(end => (end.Cluster, end.Node)));

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
        Allowances =
        [
            .. _allowances.OrderBy(pair => pair.Key.ToString(), StringComparer.Ordinal)
                .Where(pair => pair.Key.Namespace == node.Namespace)
                .SelectMany(pair => pair.Value)
                .Where(end => end.Node == node.Node)
                .Select(end => end.Allowance)
                .DistinctBy(allowance => allowance.Cluster)
                .Take(LinkAllowance.MaxFleets),
        ],
    };

    private bool IsDue_NeedsLock((string Namespace, string Node) key, LinkOrders orders, Heartbeat? reported)
    {
        var told = _told.GetValueOrDefault(key);
        if (told is null
            ? orders.Links.Count > 0 || !HasAllowances(reported, orders)
            : !told.Orders.Links.SequenceEqual(orders.Links) || !told.Orders.Allowances.SequenceEqual(orders.Allowances))
        {
            return true;
        }

        if (reported is null || told?.At + Repeat > time.GetUtcNow())
        {
            return false;
        }

        var has = reported.Links.Where(report => report.Ordered).Select(report => report.Peer).ToHashSet();
        if (!has.SetEquals(orders.Links.Select(order => order.Peer)) || !HasAllowances(reported, orders))
        {
            return true;
        }

        if (orders.Links.Count + orders.Allowances.Count == 0)
        {
            _told.Remove(key);
        }

        return false;
    }

    // It tells of fleets only to which its rooms send at the moment.
    private static bool HasAllowances(Heartbeat? reported, LinkOrders orders) => reported is null || reported.LinkAllowances.All(
        report => report.AllowedBitsPerSecond == orders.Allowances.FirstOrDefault(allowance => allowance.Cluster == report.Cluster)?.BitsPerSecond);

    private sealed record Told(LinkOrders Orders, DateTimeOffset At);
}
