using System.Globalization;
using System.Numerics;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>Makes a tree of the seats: which site is the center, and which seat of each site the others hang on.</summary>
internal static class Branching
{
    public static void Apply(Draft draft, SiteTrees trees)
    {
        var sites = draft.Sites();
        var before = CenterOf(draft);
        var center = Choose(draft, trees, sites, before, out var cutOff, out var why);
        Cut(draft, trees, ref cutOff, center);
        var origin = draft.Origin;
        var hubs = new Dictionary<string, DraftSeat>(StringComparer.Ordinal) { [origin.Cluster] = origin };
        foreach (var seat in draft.Seats)
        {
            if (!hubs.ContainsKey(seat.Cluster))
            {
                hubs.Add(seat.Cluster, HubOf(draft, seat.Cluster));
            }
        }

        foreach (var seat in draft.Seats)
        {
            if (seat == origin)
            {
                continue;
            }

            var hub = hubs[seat.Cluster];
            if (seat != hub)
            {
                Hang(draft, seat, hub, "it hangs on the pod of its fleet that others feed");
            }
            else if (seat.Site < 0 || origin.Site < 0 || (cutOff & (1UL << seat.Site)) != 0)
            {
                // Nothing leads there now. It keeps its parent, if that is still there and stays: the link may come back.
                var up = seat.Parent is { } parent ? draft.Find(parent) : null;
                if (up is null || up.Cluster == seat.Cluster || IsBelow(draft, up.Instance, seat))
                {
                    Hang(draft, seat, origin, "its parent is gone");
                }
                else if (up.IsLeaving)
                {
                    Hang(draft, seat, hubs[up.Cluster], $"{up.Instance} is being drained");
                }
            }
            else
            {
                var at = seat.Site == center || center == origin.Site ? origin : hubs[draft.Links.NameOf(center)];
                Hang(draft, seat, at, why ?? Way(draft, seat, at));
            }
        }
    }

    private static int Choose(Draft draft, SiteTrees trees, ulong sites, int before, out ulong cutOff, out string? why)
    {
        why = null;
        cutOff = 0;
        if (draft.Origin.Site < 0 || BitOperations.PopCount(sites) < 2)
        {
            draft.Memory = Forget(draft.Memory);
            return draft.Origin.Site;
        }

        if (draft.Center >= 0 && (sites & (1UL << draft.Center)) != 0 && trees.At(sites, draft.Center).Exists)
        {
            draft.Memory = Forget(draft.Memory) with { MovedAt = draft.Now };
            why = $"{draft.Links.NameOfRegion(draft.Center)} lies between";
            return draft.Center;
        }

        var best = trees.Best(sites);
        if (!best.Exists)
        {
            // Some sites are not reached. As many as can be stay together, those with the most people first.
            draft.Memory = Forget(draft.Memory);
            var center = Widest(draft, trees, sites, out var reached);
            cutOff = sites & ~reached;
            why = "a link on its way is broken";
            return center;
        }

        var present = before >= 0 && (sites & (1UL << before)) != 0 ? trees.At(sites, before) : SiteTree.None;
        if (!present.Exists)
        {
            draft.Memory = Forget(draft.Memory);

            // Those who are cut off are not to wait for a seat that has yet to get the room; the better tree comes when it pays.
            var tree = BestOfThoseThere(draft, trees, sites) is { Exists: true } there ? there : best;
            why = before < 0 || before == tree.Center ? null : "a link on its way is broken";
            return tree.Center;
        }

        var pays = best.StepsDown < present.StepsDown || best.Cost < present.Cost * (1 - CascadePolicy.MoveGain);
        if (best.Center == before || !pays)
        {
            draft.Memory = draft.Memory.BetterSince is null ? draft.Memory : draft.Memory with { BetterSince = null };
            return before;
        }

        var since = draft.Memory.BetterSince ?? draft.Now;
        var due = since + CascadePolicy.MoveAfter;
        due = draft.Memory.MovedAt + CascadePolicy.MoveAfter is { } rest && rest > due ? rest : due;
        if (due > draft.Now)
        {
            draft.Memory = draft.Memory with { BetterSince = since };
            draft.Deadlines.Add(due);
            return before;
        }

        draft.Memory = draft.Memory with { BetterSince = null, MovedAt = draft.Now };
        why = string.Create(
            CultureInfo.InvariantCulture, $"by {draft.Links.NameOf(best.Center)} the ways are {1 - (best.Cost / Math.Max(present.Cost, 1e-9)):P0} better for its people");
        return best.Center;
    }

    /// <summary>The best tree whose center has the room by now; none where nobody but the origin has it, and so nobody waits.</summary>
    private static SiteTree BestOfThoseThere(Draft draft, SiteTrees trees, ulong sites)
    {
        var (best, edges) = (trees.At(sites, draft.Origin.Site), false);
        foreach (var seat in draft.Seats)
        {
            if (seat != draft.Origin && seat is { Site: >= 0, Before: { Condition: SeatCondition.Serving } before } && (seat.IsFirm || before.WasConnected))
            {
                edges = true;
                var tree = trees.At(sites, seat.Site);
                best = tree.IsBetterThan(best) ? tree : best;
            }
        }

        return edges ? best : SiteTree.None;
    }

    // The center from which most people are reached; the origin has to be among them.
    private static int Widest(Draft draft, SiteTrees trees, ulong sites, out ulong reached)
    {
        var (center, most) = (draft.Origin.Site, -1L);
        reached = 1UL << center;
        for (var rest = sites; rest != 0; rest &= rest - 1)
        {
            var candidate = BitOperations.TrailingZeroCount(rest);
            if (!trees.HasWay(candidate, draft.Origin.Site))
            {
                continue;
            }

            var (within, people) = (0UL, 0L);
            foreach (var seat in draft.Seats)
            {
                if (seat.Site >= 0 && trees.HasWay(seat.Site, candidate))
                {
                    within |= 1UL << seat.Site;
                    people += 1 + (1_000L * seat.People);
                }
            }

            // Of equals the origin itself: nothing moves for nothing.
            if (people > most || (people == most && candidate == draft.Origin.Site))
            {
                (center, most, reached) = (candidate, people, within);
            }
        }

        return center;
    }

    /// <summary>
    /// Seats that no healthy link leads to take no newcomers, and go when they have been without the room for a while: a link that is only
    /// bad still carries it, and whoever has it is not sent away.
    /// </summary>
    private static void Cut(Draft draft, SiteTrees trees, ref ulong cutOff, int center)
    {
        var known = draft.Memory.CutOffSince;
        if (cutOff == 0 && known.Count == 0)
        {
            return;
        }

        var since = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        for (var i = draft.Seats.Count - 1; i > 0; i--)
        {
            var seat = draft.Seats[i];
            if (seat.Site < 0 || (cutOff & (1UL << seat.Site)) == 0)
            {
                continue;
            }

            var at = IsFed(draft, seat.Cluster) ? draft.Now : known.GetValueOrDefault(seat.Cluster, draft.Now);
            if (at + CascadePolicy.CutOffPatience <= draft.Now)
            {
                draft.Remove(seat, $"no healthy link has led to {seat.Region} for {CascadePolicy.CutOffPatience.TotalMinutes:0} min");
                continue;
            }

            draft.Deadlines.Add(at + CascadePolicy.CutOffPatience);
            since[seat.Cluster] = at;
            seat.IsClosed = true;
        }

        draft.Memory = draft.Memory with { CutOffSince = since.Count == 0 ? TopologyMemory.Nowhere : since };
    }

    /// <summary>Whether the room comes to a fleet from another one.</summary>
    private static bool IsFed(Draft draft, string cluster) => draft.Seats.Exists(seat =>
        seat.Cluster == cluster && seat.Before is { IsConnected: true, Parent: { } parent } && draft.Find(parent) is { } up && up.Cluster != cluster);

    /// <summary>The site on which the others hang now; -1 when they hang on none.</summary>
    internal static int CenterOf(Draft draft)
    {
        var center = -1;
        foreach (var seat in draft.Seats)
        {
            if (seat.Before?.Parent is { } parent && draft.Find(parent) is { } up && up.Site >= 0 && seat.Site >= 0 && up.Site != seat.Site)
            {
                // Two that hang on different sites: the one that is not the origin's is the center.
                if (center < 0 || center == draft.Origin.Site)
                {
                    center = up.Site;
                }
            }
        }

        return center;
    }

    // The one that others of its fleet hang on already, while it may stay; else one that has the room.
    private static DraftSeat HubOf(Draft draft, string cluster)
    {
        DraftSeat? best = null;
        var bestRank = int.MaxValue;
        foreach (var seat in draft.Seats)
        {
            if (seat.Cluster != cluster)
            {
                continue;
            }

            var isHub = seat.Before?.Parent is { } parent && (draft.Find(parent) is not { } up || up.Cluster != cluster);
            var rank = seat switch
            {
                { IsLeaving: false, IsFirm: true } => isHub ? 0 : 1,
                { IsLeaving: true } when seat.IsFirm || isHub => 2,
                { IsLeaving: false, Before: not null } => isHub ? 1 : 3,
                _ => 4,
            };
            if (rank < bestRank)
            {
                (best, bestRank) = (seat, rank);
            }
        }

        return best!;
    }

    private static void Hang(Draft draft, DraftSeat seat, DraftSeat parent, string reason)
    {
        if (seat.Parent == parent.Instance)
        {
            return;
        }

        seat.Parent = parent.Instance;
        if (seat.Before is not null)
        {
            draft.Changes.Add(new SeatChange(SeatChangeKind.Move, seat.Instance, $"to {parent.Instance} in {parent.Region}: {reason}"));
        }
    }

    private static string Way(Draft draft, DraftSeat seat, DraftSeat parent) =>
        draft.Links.Between(seat.Cluster, parent.Cluster) is { } link
            ? string.Create(CultureInfo.InvariantCulture, $"{link.Name} is the way there, {link.DelayMilliseconds:0} ms")
            : "it is the way to the origin";

    private static bool IsBelow(Draft draft, string parent, DraftSeat seat)
    {
        var at = draft.Find(parent);
        for (var steps = 0; at is not null && steps <= draft.Seats.Count; steps++)
        {
            if (at == seat)
            {
                return true;
            }

            at = at.Parent is { } up ? draft.Find(up) : null;
        }

        return false;
    }

    private static TopologyMemory Forget(TopologyMemory memory) => memory.BetterSince is null ? memory : memory with { BetterSince = null };
}
