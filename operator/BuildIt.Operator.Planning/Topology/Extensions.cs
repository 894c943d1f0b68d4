using System.Numerics;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>Finds the sites that a room would better have seats in, too.</summary>
/// <remarks>
/// A seat alone may be worth nothing that is worth much with another: so around each site that could be the center all are taken that
/// have people and can be reached, and those are given up again, one after the other, without which it costs less.
/// </remarks>
internal static class Extensions
{
    /// <summary>The sites to add; none when the room is best as it is.</summary>
    public static ulong Find(Draft draft, SiteTrees trees, ulong sites)
    {
        var center = Branching.CenterOf(draft);
        center = center >= 0 && (sites & (1UL << center)) != 0 ? center : draft.Origin.Site;
        var present = trees.At(sites, center);
        present = present.Exists ? present : trees.Best(sites);
        if (!present.Exists)
        {
            return 0;
        }

        // Those that could have a seat at once come before those whose fleet has to grow first.
        for (var mustHavePod = 1; mustHavePod >= 0; mustHavePod--)
        {
            var able = Able(draft, sites, mustHavePod > 0);
            var stay = Around(draft, trees, sites, able, center);
            var other = Candidate.None;
            for (var site = 0; site < draft.Links.Count; site++)
            {
                if (site != center && (((sites | able) & (1UL << site)) != 0 || IsFree(draft, site, mustHavePod > 0)))
                {
                    var around = Around(draft, trees, sites, able, site);
                    other = around.Tree.Exists && (!other.Tree.Exists || around.Tree.IsBetterThan(other.Tree)) ? around : other;
                }
            }

            // Another center moves those who have seats already. That has to pay.
            var least = stay.Tree.Exists ? Math.Min(present.Cost, stay.Tree.Cost) : present.Cost;
            var bound = BitOperations.PopCount(sites) > 1 ? least * (1 - CascadePolicy.MoveGain) : least;
            if (other.Tree.Exists && other.Tree.Cost < bound && (other.Added & ~sites) != 0)
            {
                return other.Added & ~sites;
            }

            if (stay.Tree.Exists && stay.Tree.Cost < present.Cost && (stay.Added & ~sites) != 0)
            {
                return stay.Added & ~sites;
            }
        }

        return 0;
    }

    public static IEnumerable<int> SitesOf(ulong sites)
    {
        for (var rest = sites; rest != 0; rest &= rest - 1)
        {
            yield return BitOperations.TrailingZeroCount(rest);
        }
    }

    // Sites with people that may have a seat: one for each region that has none.
    private static ulong Able(Draft draft, ulong sites, bool mustHavePod)
    {
        var able = 0UL;
        for (var site = 0; site < draft.Links.Count; site++)
        {
            if ((sites & (1UL << site)) == 0 && Spreading.HasPeople(draft, site) && IsFree(draft, site, mustHavePod) && !IsCovered(draft, able, site))
            {
                able |= 1UL << site;
            }
        }

        return able;
    }

    private static bool IsFree(Draft draft, int site, bool mustHavePod) =>
        Spreading.IsAllowed(draft, site) && !draft.HasSeatIn(draft.Links.NameOfRegion(site)) && (!mustHavePod || draft.HasPod(site));

    private static bool IsCovered(Draft draft, ulong sites, int site)
    {
        foreach (var other in SitesOf(sites))
        {
            if (draft.Links.RegionOf(other) == draft.Links.RegionOf(site))
            {
                return true;
            }
        }

        return false;
    }

    private static Candidate Around(Draft draft, SiteTrees trees, ulong sites, ulong able, int center)
    {
        var set = sites | (1UL << center);
        if (!trees.At(set, center).Exists)
        {
            return Candidate.None;
        }

        foreach (var site in SitesOf(able & ~set))
        {
            if (trees.HasWay(site, center) && !IsCovered(draft, set & ~sites, site))
            {
                set |= 1UL << site;
            }
        }

        var tree = trees.At(set, center);
        while (true)
        {
            var (without, best) = (-1, SiteTree.None);
            foreach (var site in SitesOf(set & ~sites & ~(1UL << center)))
            {
                var fewer = trees.At(set & ~(1UL << site), center);
                if (fewer.Exists && (!best.Exists || fewer.Cost < best.Cost))
                {
                    (without, best) = (site, fewer);
                }
            }

            var tooMany = Regions(draft, set) > draft.Room.MaxRegions;
            if (without < 0 || (!tooMany && best.Cost >= tree.Cost))
            {
                // What will be is the best tree over them; who has no people is of use as its center only.
                var real = trees.Best(set);
                var isIdle = (sites & (1UL << center)) == 0 && !Spreading.HasPeople(draft, center) && real.Center != center;
                return tooMany || isIdle ? Candidate.None : new Candidate(set, real);
            }

            (set, tree) = (set & ~(1UL << without), best);
        }
    }

    private static int Regions(Draft draft, ulong sites)
    {
        var regions = 0UL;
        foreach (var site in SitesOf(sites))
        {
            regions |= 1UL << draft.Links.RegionOf(site);
        }

        return BitOperations.PopCount(regions);
    }

    /// <param name="Added">All sites with it.</param>
    /// <param name="Tree">The tree over them.</param>
    private readonly record struct Candidate(ulong Added, SiteTree Tree)
    {
        public static readonly Candidate None = new(0, SiteTree.None);
    }
}
