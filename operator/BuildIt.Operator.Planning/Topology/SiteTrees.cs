using System.Numerics;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>A tree over sites: all hang on one. Between any two are at most two links, and a track crosses each link once.</summary>
/// <param name="Center">The site on which all others hang; -1 when there is no such tree.</param>
/// <param name="StepsDown">By how many steps of priority its links are below the highest.</param>
/// <param name="Cost">What it costs; infinite when there is none.</param>
internal readonly record struct SiteTree(int Center, int StepsDown, double Cost)
{
    public static readonly SiteTree None = new(-1, int.MaxValue, double.PositiveInfinity);

    // Less is the noise of adding up in another order.
    private const double Least = 1e-6;

    public bool Exists => Center >= 0;

    /// <summary>Links of a higher priority come first, whatever they cost.</summary>
    public bool IsBetterThan(in SiteTree other) => StepsDown != other.StepsDown ? StepsDown < other.StepsDown : Cost < other.Cost - Least;
}

/// <summary>Trees over sets of sites for the people of one room, and what they cost.</summary>
/// <remarks>
/// <para>
/// The cost is the sum over all people of the mean delay to everybody else, in milliseconds, with a weight for each stream that crosses
/// between regions and for each seat. It depends on the tree and the people alone, not on how the room came to be there.
/// </para>
/// <para>
/// At most two hops between any two sites make every tree a star. So the best tree of a set is found by trying each of its sites as the
/// center.
/// </para>
/// </remarks>
internal sealed class SiteTrees
{
    private readonly LinkMap _links;
    private readonly IReadOnlyList<RegionDemand> _demand;
    private readonly IReadOnlyList<(int A, int B)> _broken;
    private readonly int _origin;
    private readonly int[] _regions;
    private readonly int _people;
    private readonly int _publishers;

    /// <param name="links">What lies between the sites.</param>
    /// <param name="demand">The people.</param>
    /// <param name="origin">The site of the origin, which serves the people of regions without a seat; -1 when that has no links.</param>
    /// <param name="broken">Pairs of sites between which this room has no way now, whatever others have.</param>
    public SiteTrees(LinkMap links, IReadOnlyList<RegionDemand> demand, int origin, IReadOnlyList<(int A, int B)> broken)
    {
        _origin = origin;
        _links = links;
        _demand = demand;
        _broken = broken;
        _regions = new int[demand.Count];
        for (var i = 0; i < demand.Count; i++)
        {
            _regions[i] = links.RegionOf(demand[i].Region);
            _people += demand[i].People;
            _publishers += demand[i].Publishers;
        }
    }

    /// <summary>The best tree over exactly these sites.</summary>
    public SiteTree Best(ulong sites)
    {
        // Of equals the one that hangs on the origin itself.
        var best = _origin >= 0 && (sites & (1UL << _origin)) != 0 ? At(sites, _origin) : SiteTree.None;
        for (var rest = sites; rest != 0; rest &= rest - 1)
        {
            var tree = At(sites, BitOperations.TrailingZeroCount(rest));
            if (tree.IsBetterThan(best))
            {
                best = tree;
            }
        }

        return best;
    }

    /// <summary>The tree over these sites with a given center.</summary>
    public SiteTree At(ulong sites, int center)
    {
        if (_origin < 0)
        {
            return SiteTree.None;
        }

        var steps = 0;
        for (var rest = sites; rest != 0; rest &= rest - 1)
        {
            var site = BitOperations.TrailingZeroCount(rest);
            if (!HasWay(site, center))
            {
                return SiteTree.None;
            }

            steps += _links.StepsDown(site, center);
        }

        return new SiteTree(center, steps, Cost(sites, center));
    }

    /// <summary>Whether the room can go from one site to another.</summary>
    public bool HasWay(int a, int b) => a == b || (!double.IsPositiveInfinity(_links.Weight(a, b)) && !IsBroken(a, b));

    /// <summary>The site that serves the people of a region: one there, else the origin's.</summary>
    public int ServerOf(ulong sites, int region)
    {
        if (region < 0 || _links.RegionOf(_origin) == region)
        {
            return _origin;
        }

        for (var rest = sites; rest != 0; rest &= rest - 1)
        {
            var site = BitOperations.TrailingZeroCount(rest);
            if (_links.RegionOf(site) == region)
            {
                return site;
            }
        }

        return _origin;
    }

    private double Cost(ulong sites, int center)
    {
        var count = BitOperations.PopCount(sites);
        var cost = CascadePolicy.SeatWeight * (count - 1);
        Span<int> served = stackalloc int[LinkMap.MaxSites];
        Span<int> publishing = stackalloc int[LinkMap.MaxSites];
        served.Clear();
        publishing.Clear();
        var sum = 0.0;
        for (var i = 0; i < _regions.Length; i++)
        {
            var (people, publishers) = (_demand[i].People, _demand[i].Publishers);
            var server = ServerOf(sites, _regions[i]);
            var access = _links.Access(_regions[i], server);
            served[server] += people;
            publishing[server] += publishers;
            sum += people * (access + _links.Weight(server, center));
            if (_regions[i] < 0 || _links.RegionOf(server) != _regions[i])
            {
                // Each takes their own copy from afar, and sends their own there.
                cost += CascadePolicy.StreamWeight * ((people * (double)WatchedOf(_publishers)) + publishers);
            }
        }

        // Whoever are on one site do not go over the center to hear each other.
        var local = 0.0;
        for (var rest = sites; rest != 0; rest &= rest - 1)
        {
            var site = BitOperations.TrailingZeroCount(rest);
            var weight = _links.Weight(site, center);
            local += weight * served[site] * Math.Max(0, served[site] - 1);
            if (site != center)
            {
                var down = served[site] > 0 ? WatchedOf(_publishers - publishing[site]) : 0;
                var up = _people > served[site] ? WatchedOf(publishing[site]) : 0;
                cost += CascadePolicy.StreamWeight * (down + up);
            }
        }

        return _people < 2 ? cost : cost + (2 * ((sum * (_people - 1)) - local) / _people);
    }

    private static int WatchedOf(int publishers) => Math.Clamp(publishers, 0, CascadePolicy.MostWatched);

    private bool IsBroken(int a, int b)
    {
        for (var i = 0; i < _broken.Count; i++)
        {
            if (_broken[i] == (a, b) || _broken[i] == (b, a))
            {
                return true;
            }
        }

        return false;
    }
}
