using System.Globalization;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>Gives a room seats in further regions, where that is wanted or worth it.</summary>
internal static class Spreading
{
    public static void Apply(Draft draft, SiteTrees trees)
    {
        if (draft.Origin.Site < 0 || draft.Room.Mode is CascadeMode.Never)
        {
            return;
        }

        if (draft.Room.Mode is CascadeMode.Always)
        {
            ApplyAlways(draft, trees);
        }
        else
        {
            ApplyWorth(draft, trees);
        }
    }

    private static void ApplyAlways(Draft draft, SiteTrees trees)
    {
        foreach (var region in draft.Room.Regions)
        {
            Reach(draft, trees, region, $"cascade is Always, and its placement names {region}");
        }

        foreach (var demand in draft.Room.Demand)
        {
            if (demand.People > 0)
            {
                Reach(draft, trees, demand.Region, $"cascade is Always, and {People(demand.People)} in {demand.Region}");
            }
        }
    }

    private static void Reach(Draft draft, SiteTrees trees, string region, string reason)
    {
        if (draft.HasSeatIn(region) || draft.RegionCount() >= draft.Room.MaxRegions)
        {
            return;
        }

        var best = BestOf(draft, trees, region);
        if (best.Exists)
        {
            Take(draft, best, region, reason);
        }
        else if (draft.Links.RegionOf(region) >= 0)
        {
            draft.Refusal ??= $"no healthy link leads to {region} within two hops";
        }
    }

    private static void ApplyWorth(Draft draft, SiteTrees trees)
    {
        var sites = draft.Sites();
        var added = draft.RegionCount() < draft.Room.MaxRegions ? Extensions.Find(draft, trees, sites) : 0;
        var memory = draft.Memory;
        if (added == 0)
        {
            draft.Memory = memory.WorthClusters is null ? memory : memory with { WorthClusters = null, WorthSince = null };
            return;
        }

        var clusters = string.Join(' ', Extensions.SitesOf(added).Select(draft.Links.NameOf));
        var since = memory.WorthClusters == clusters && memory.WorthSince is { } at ? at : draft.Now;
        if (since + CascadePolicy.AddAfter > draft.Now)
        {
            draft.Deadlines.Add(since + CascadePolicy.AddAfter);
            draft.Memory = memory with { WorthClusters = clusters, WorthSince = since };
            return;
        }

        draft.Memory = memory with { WorthClusters = null, WorthSince = null };
        foreach (var site in Extensions.SitesOf(added))
        {
            var region = draft.Links.NameOfRegion(site);
            if (!draft.HasPod(site))
            {
                // Half of it would be of no use.
                draft.Refuse(draft.Links.NameOf(site), region);
                return;
            }
        }

        foreach (var site in Extensions.SitesOf(added))
        {
            var region = draft.Links.NameOfRegion(site);
            draft.Add(
                draft.Links.NameOf(site),
                region,
                draft.PeopleIn(region),
                HasPeople(draft, site) ? Worth(draft, trees, region, sites) : $"{region} lies between its regions");
        }

        draft.Center = trees.Best(sites | added).Center;
        draft.Deadlines.Add(draft.Now + CascadePolicy.AddAfter);
    }

    // Where no fleet has a pod to give, the best of them is to grow.
    private static Candidate BestOf(Draft draft, SiteTrees trees, string region)
    {
        var sites = draft.Sites();
        var best = Candidate.None;
        for (var mustHavePod = 1; mustHavePod >= 0 && !best.Exists; mustHavePod--)
        {
            for (var site = 0; site < draft.Links.Count; site++)
            {
                if (IsAllowed(draft, site) && draft.Links.NameOfRegion(site) == region)
                {
                    best = Better(draft, trees, sites, site, best, mustHavePod > 0);
                }
            }
        }

        return best;
    }

    internal static bool HasPeople(Draft draft, int site) => draft.PeopleIn(draft.Links.NameOfRegion(site)) > 0;

    private static Candidate Better(Draft draft, SiteTrees trees, ulong sites, int site, Candidate best, bool mustHavePod)
    {
        if (mustHavePod && !draft.HasPod(site))
        {
            return best;
        }

        var direct = trees.Best(sites | (1UL << site));
        if (direct.Exists && (!best.Exists || direct.IsBetterThan(best.Tree)))
        {
            best = new Candidate(site, -1, direct);
        }

        // Over a fleet between, where there is no direct way, or that is shorter.
        if (draft.RegionCount() + 2 > draft.Room.MaxRegions)
        {
            return best;
        }

        for (var via = 0; via < draft.Links.Count; via++)
        {
            if (via != site && (sites & (1UL << via)) == 0 && trees.HasWay(via, site) && IsAllowed(draft, via)
                && !draft.HasSeatIn(draft.Links.NameOfRegion(via)))
            {
                var over = trees.At(sites | (1UL << site) | (1UL << via), via);
                if (over.Exists && (!best.Exists || over.IsBetterThan(best.Tree)) && (!mustHavePod || draft.HasPod(via)))
                {
                    best = new Candidate(site, via, over);
                }
            }
        }

        return best;
    }

    private static void Take(Draft draft, Candidate candidate, string region, string reason)
    {
        foreach (var site in (ReadOnlySpan<int>)[candidate.Site, candidate.Via])
        {
            // Half of it would be of no use.
            if (site >= 0 && !draft.HasPod(site))
            {
                draft.Refuse(draft.Links.NameOf(site), draft.Links.NameOfRegion(site));
                return;
            }
        }

        if (candidate.Via >= 0)
        {
            var between = draft.Links.NameOfRegion(candidate.Via);
            if (draft.Add(draft.Links.NameOf(candidate.Via), between, 1, $"{between} lies between its regions: {reason}") is null)
            {
                return;
            }
        }

        draft.Add(draft.Links.NameOf(candidate.Site), region, draft.PeopleIn(region), reason);
        if (candidate.Via >= 0)
        {
            draft.Center = candidate.Tree.Center;
        }
    }

    internal static bool IsAllowed(Draft draft, int site) =>
        draft.Room.Clusters?.Contains(draft.Links.NameOf(site)) != false
        && (draft.Room.Regions.Count == 0 || draft.Room.Regions.Contains(draft.Links.NameOfRegion(site)));

    private static string Worth(Draft draft, SiteTrees trees, string region, ulong sites)
    {
        var (people, elsewhere) = (0, 0);
        foreach (var demand in draft.Room.Demand)
        {
            people += demand.Region == region ? demand.People : 0;
            elsewhere += demand.Region == region ? 0 : demand.Publishers;
        }

        var index = draft.Links.RegionOf(region);
        var delay = draft.Links.Access(index, trees.ServerOf(sites, index));
        var streams = Math.Max(0, people - 1) * Math.Min(elsewhere, CascadePolicy.MostWatched);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{People(people)} in {region}: up to {streams} streams fewer have to go there, and they hear each other {2 * delay:0} ms sooner");
    }

    private static string People(int count) => count == 1 ? "1 person is" : string.Create(CultureInfo.InvariantCulture, $"{count} people are");

    /// <param name="Site">Where the seat would be.</param>
    /// <param name="Via">Where another one would have to be; -1 when nowhere.</param>
    /// <param name="Tree">The tree with them.</param>
    private readonly record struct Candidate(int Site, int Via, SiteTree Tree)
    {
        public static readonly Candidate None = new(-1, -1, SiteTree.None);

        public bool Exists => Site >= 0;
    }
}
