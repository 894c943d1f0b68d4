using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Planning.Tests.Topology;

/// <summary>
/// What a room's tree costs, counted pair by pair of people, and the best there is, found by trying every tree over every set of fleets.
/// For a handful of regions with one fleet each.
/// </summary>
internal sealed class BestTree(IReadOnlyList<string> regions, IReadOnlyList<FleetLink> links, IReadOnlyList<RegionDemand> demand)
{
    private readonly double[,] _distance = Distances(regions, links);
    private readonly double[,] _direct = DirectOf(regions, links);
    private readonly Dictionary<string, int> _index = regions.Select((region, i) => (region, i)).ToDictionary(pair => pair.region, pair => pair.i);

    /// <summary>The least cost of any tree that has the origin among its sites and in which any two sites are at most two links apart.</summary>
    public double Least(string origin)
    {
        var root = _index[origin];
        var best = double.PositiveInfinity;
        for (var set = 0; set < 1 << regions.Count; set++)
        {
            if ((set & (1 << root)) != 0)
            {
                var members = Enumerable.Range(0, regions.Count).Where(i => (set & (1 << i)) != 0).ToList();
                best = Math.Min(best, Trees(members, [], 1).Select(tree => Cost(root, members, tree)).DefaultIfEmpty(double.PositiveInfinity).Min());
            }
        }

        return best;
    }

    /// <summary>The least cost of any such tree over exactly these sites.</summary>
    /// <param name="sites">The sites, that of the origin first.</param>
    public double LeastOver(IReadOnlyList<string> sites)
    {
        var root = _index[sites[0]];
        var members = sites.Distinct().Select(site => _index[site]).ToList();
        return Trees(members, [], 1).Select(tree => Cost(root, members, tree)).DefaultIfEmpty(double.PositiveInfinity).Min();
    }

    /// <summary>The cost of the tree that the seats make.</summary>
    public double CostOf(IReadOnlyList<PlannedSeat> seats)
    {
        var members = seats.Select(seat => _index[seat.Cluster]).Distinct().ToList();
        var tree = seats.Where(seat => seat.Parent is not null)
            .Select(seat => (_index[seat.Cluster], _index[seats.Single(other => other.Instance == seat.Parent).Cluster]))
            .Where(edge => edge.Item1 != edge.Item2)
            .ToList();
        return Cost(_index[seats[0].Cluster], members, tree);
    }

    // Every way to hang each further member on one that hangs already, as sets of edges; some come twice, which costs time only.
    private IEnumerable<List<(int, int)>> Trees(List<int> members, List<(int, int)> edges, int attached)
    {
        var inside = new HashSet<int> { members[0] };
        foreach (var (a, b) in edges)
        {
            inside.Add(a);
            inside.Add(b);
        }

        if (attached == members.Count)
        {
            yield return [.. edges];
            yield break;
        }

        foreach (var next in members.Where(member => !inside.Contains(member)))
        {
            foreach (var to in inside.Where(at => Direct(at, next) < double.PositiveInfinity).ToList())
            {
                foreach (var tree in Trees(members, [.. edges, (next, to)], attached + 1))
                {
                    yield return tree;
                }
            }
        }
    }

    private double Cost(int root, List<int> members, List<(int A, int B)> tree)
    {
        var ways = new Dictionary<(int, int), double>();
        foreach (var from in members)
        {
            if (!Walk(from, from, -1, 0, 0))
            {
                return double.PositiveInfinity;
            }

            bool Walk(int start, int at, int before, double length, int hops)
            {
                ways[(start, at)] = length;
                return hops <= 2 && tree.Where(edge => edge.A == at || edge.B == at).Select(edge => edge.A == at ? edge.B : edge.A).Where(next => next != before)
                    .All(next => Walk(start, next, at, length + Direct(at, next), hops + 1));
            }
        }

        // For each pair of regions, and so for each pair of people, whichever way round.
        var here = demand.Where(region => region.People > 0).Select(region => (At: _index[region.Region], region.People, region.Publishers)).ToList();
        var seatOf = here.ToDictionary(region => region.At, region => members.Contains(region.At) ? region.At : root);
        var sum = 0.0;
        foreach (var one in here)
        {
            foreach (var other in here)
            {
                var pairs = one.People * (other.People - (one.At == other.At ? 1 : 0));
                sum += pairs * (_distance[one.At, seatOf[one.At]] + ways[(seatOf[one.At], seatOf[other.At])] + _distance[other.At, seatOf[other.At]]);
            }
        }

        var (people, publishers) = (here.Sum(region => region.People), here.Sum(region => region.Publishers));
        var streams = here.Where(region => seatOf[region.At] != region.At).Sum(region => (region.People * WatchedOf(publishers)) + region.Publishers);

        // A leaf hangs on one other; of two that hang on each other one counts.
        foreach (var leaf in members.Where(member => tree.Count > 1 ? tree.Count(edge => edge.A == member || edge.B == member) == 1 : tree.Count == 1 && member == tree[0].A))
        {
            // What goes over its link: what its people watch, and what others watch of them.
            var on = here.Where(region => seatOf[region.At] == leaf).ToList();
            var (count, sending) = (on.Sum(region => region.People), on.Sum(region => region.Publishers));
            streams += (count > 0 ? WatchedOf(publishers - sending) : 0) + (people > count ? WatchedOf(sending) : 0);
        }

        return (sum / Math.Max(1, people)) + (CascadePolicy.StreamWeight * streams) + (CascadePolicy.SeatWeight * (members.Count - 1));
    }

    private double Direct(int a, int b) => _direct[a, b];

    private static double[,] DirectOf(IReadOnlyList<string> regions, IReadOnlyList<FleetLink> links)
    {
        var direct = new double[regions.Count, regions.Count];
        for (var a = 0; a < regions.Count; a++)
        {
            for (var b = 0; b < regions.Count; b++)
            {
                direct[a, b] = links
                    .Where(link => link.IsHealthy && ((link.A == regions[a] && link.B == regions[b]) || (link.A == regions[b] && link.B == regions[a])))
                    .Select(link => link.DelayMilliseconds)
                    .DefaultIfEmpty(double.PositiveInfinity)
                    .Min();
            }
        }

        return direct;
    }

    private static int WatchedOf(int publishers) => Math.Clamp(publishers, 0, CascadePolicy.MostWatched);

    private static double[,] Distances(IReadOnlyList<string> regions, IReadOnlyList<FleetLink> links)
    {
        var distance = new double[regions.Count, regions.Count];
        for (var a = 0; a < regions.Count; a++)
        {
            for (var b = 0; b < regions.Count; b++)
            {
                distance[a, b] = a == b ? 0 : links
                    .Where(link => (link.A == regions[a] && link.B == regions[b]) || (link.A == regions[b] && link.B == regions[a]))
                    .Select(link => link.DelayMilliseconds)
                    .DefaultIfEmpty(double.PositiveInfinity)
                    .Min();
            }
        }

        for (var round = 0; round < regions.Count; round++)
        {
            for (var a = 0; a < regions.Count; a++)
            {
                for (var b = 0; b < regions.Count; b++)
                {
                    for (var via = 0; via < regions.Count; via++)
                    {
                        distance[a, b] = Math.Min(distance[a, b], distance[a, via] + distance[via, b]);
                    }
                }
            }
        }

        for (var a = 0; a < regions.Count; a++)
        {
            for (var b = 0; b < regions.Count; b++)
            {
                distance[a, b] = double.IsPositiveInfinity(distance[a, b]) ? LinkMap.UnknownDelay : distance[a, b];
            }
        }

        return distance;
    }
}
