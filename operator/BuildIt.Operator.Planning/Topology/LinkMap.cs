namespace BuildIt.Operator.Planning.Topology;

/// <summary>
/// The fleets of a namespace that links join, and what lies between each two: drawn anew when a link changes, and shared by the plans of
/// all rooms. Immutable.
/// </summary>
public sealed class LinkMap
{
    /// <summary>The most fleets with links that are planned with; further ones get no seats beside others.</summary>
    public const int MaxSites = 64;

    /// <summary>One way between places of whose path nothing is known, in milliseconds.</summary>
    public const double UnknownDelay = 100;

    public static readonly LinkMap Empty = new([], []);

    /// <summary>A delay doubles with so much loss: each loss costs a repair, which is a round trip.</summary>
    private const double DoublingLoss = 0.5;

    /// <summary>Decides between equals only.</summary>
    private const double CostStep = 1e-6;

    private readonly Dictionary<string, int> _sites = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _regions = new(StringComparer.Ordinal);
    private readonly string[] _names;
    private readonly int[] _regionOf;
    private readonly string[] _regionNames;
    private readonly FleetLink?[] _links;
    private readonly double[] _weights;
    private readonly double[] _access;
    private readonly int _highest;

    /// <param name="fleets">All fleets; those without links are passed over.</param>
    /// <param name="links">The links between them. Of several healthy ones between the same two, that of the highest priority counts, then the shortest.</param>
    public LinkMap(IReadOnlyList<FleetSite> fleets, IReadOnlyList<FleetLink> links)
    {
        ArgumentNullException.ThrowIfNull(fleets);
        ArgumentNullException.ThrowIfNull(links);
        Links = links;
        var linked = links.SelectMany(link => new[] { link.A, link.B }).ToHashSet(StringComparer.Ordinal);
        var sites = fleets.Where(fleet => linked.Contains(fleet.Cluster)).OrderBy(fleet => fleet.Cluster, StringComparer.Ordinal).Take(MaxSites).ToArray();
        var count = sites.Length;
        _names = new string[count];
        _regionOf = new int[count];
        for (var i = 0; i < count; i++)
        {
            _names[i] = sites[i].Cluster;
            _sites[sites[i].Cluster] = i;
            if (!_regions.TryGetValue(sites[i].Region, out var region))
            {
                _regions.Add(sites[i].Region, region = _regions.Count);
            }

            _regionOf[i] = region;
        }

        _regionNames = [.. _regions.OrderBy(region => region.Value).Select(region => region.Key)];
        _links = new FleetLink?[count * count];
        _weights = new double[count * count];
        Array.Fill(_weights, double.PositiveInfinity);
        _highest = links.Where(link => link.IsHealthy).Select(link => link.Priority).DefaultIfEmpty().Max();
        foreach (var link in links)
        {
            if (link.IsHealthy && _sites.TryGetValue(link.A, out var a) && _sites.TryGetValue(link.B, out var b) && a != b)
            {
                var weight = (Math.Max(0, link.DelayMilliseconds) * (1 + (Math.Clamp(link.Loss, 0, 1) / DoublingLoss))) + (CostStep * Math.Max(0, link.Cost));
                var known = _links[(a * count) + b];
                if (known is null || link.Priority > known.Priority || (link.Priority == known.Priority && weight < _weights[(a * count) + b]))
                {
                    _weights[(a * count) + b] = _weights[(b * count) + a] = weight;
                    _links[(a * count) + b] = _links[(b * count) + a] = link;
                }
            }
        }

        _access = AccessOf(count);
    }

    /// <summary>All links, healthy or not.</summary>
    public IReadOnlyList<FleetLink> Links { get; }

    internal int Count => _names.Length;

    internal int RegionCount => _regions.Count;

    /// <summary>The best healthy link between two fleets; null when there is none.</summary>
    public FleetLink? Between(string a, string b) =>
        _sites.TryGetValue(a, out var first) && _sites.TryGetValue(b, out var second) ? _links[(first * Count) + second] : null;

    /// <summary>The site of a fleet; -1 when no link joins it.</summary>
    internal int SiteOf(string cluster) => _sites.GetValueOrDefault(cluster, -1);

    /// <summary>A region with sites; -1 for any other.</summary>
    internal int RegionOf(string region) => _regions.GetValueOrDefault(region, -1);

    internal int RegionOf(int site) => _regionOf[site];

    internal string NameOf(int site) => _names[site];

    internal string NameOfRegion(int site) => _regionNames[_regionOf[site]];

    /// <summary>What the best healthy link between two sites weighs; infinite when there is none.</summary>
    internal double Weight(int a, int b) => a == b ? 0 : _weights[(a * Count) + b];

    /// <summary>How many steps of priority the best healthy link between two sites is below the highest there is.</summary>
    internal int StepsDown(int a, int b) => Link(a, b) is { } link ? _highest - link.Priority : 0;

    internal FleetLink? Link(int a, int b) => _links[(a * Count) + b];

    /// <summary>How far people of a region are from a site, one way in milliseconds. It need not be by a link: people come over the internet.</summary>
    internal double Access(int region, int site) => region < 0 ? UnknownDelay : region == _regionOf[site] ? 0 : _access[(region * RegionCount) + _regionOf[site]];

    // The shortest way over measured paths (Floyd and Warshall), as an estimate of what lies between regions. A broken link says
    // nothing of the internet beside it, so it counts too.
    private double[] AccessOf(int count)
    {
        var regions = _regions.Count;
        var distance = new double[regions * regions];
        Array.Fill(distance, double.PositiveInfinity);
        foreach (var link in Links)
        {
            if (_sites.TryGetValue(link.A, out var a) && _sites.TryGetValue(link.B, out var b))
            {
                var (from, to) = (_regionOf[a], _regionOf[b]);
                var delay = Math.Min(distance[(from * regions) + to], Math.Max(0, link.DelayMilliseconds));
                distance[(from * regions) + to] = distance[(to * regions) + from] = delay;
            }
        }

        for (var via = 0; via < regions; via++)
        {
            for (var from = 0; from < regions; from++)
            {
                for (var to = 0; to < regions; to++)
                {
                    distance[(from * regions) + to] = Math.Min(distance[(from * regions) + to], distance[(from * regions) + via] + distance[(via * regions) + to]);
                }
            }
        }

        for (var i = 0; i < distance.Length; i++)
        {
            distance[i] = double.IsPositiveInfinity(distance[i]) ? UnknownDelay : distance[i];
        }

        return distance;
    }
}
