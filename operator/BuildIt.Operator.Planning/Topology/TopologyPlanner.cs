using BuildIt.Operator.Planning.Ledger;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>
/// Decides which pods serve a room and how they hang together. It looks at one room at a time, in the ledger that all share: what it
/// adds is entered there by whoever carries it out, and the next room sees it.
/// </summary>
public static class TopologyPlanner
{
    /// <summary>Plans one room that has an origin.</summary>
    /// <param name="ledger">The pods and what is held on them. It is read, not changed.</param>
    /// <param name="links">The links between fleets.</param>
    /// <param name="room">The room.</param>
    /// <param name="now">The time.</param>
    public static TopologyDecision Plan(RoomLedger ledger, LinkMap links, CascadeRequest room, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(room);
        return MayStay(ledger, room) ? Unchanged(room) : PlanAll(new Draft(ledger, links, room, now));
    }

    /// <summary>What a tree over these fleets costs for these people; infinite when no tree is possible. For comparing plans.</summary>
    /// <param name="links">The links between fleets.</param>
    /// <param name="demand">The people.</param>
    /// <param name="clusters">The fleets with seats, that of the origin first.</param>
    public static double CostOf(LinkMap links, IReadOnlyList<RegionDemand> demand, IReadOnlyList<string> clusters)
    {
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(clusters);
        var sites = 0UL;
        foreach (var cluster in clusters)
        {
            sites |= links.SiteOf(cluster) is >= 0 and var site ? 1UL << site : 0;
        }

        return clusters.Count == 0 || links.SiteOf(clusters[0]) is not (>= 0 and var origin)
            ? double.PositiveInfinity
            : new SiteTrees(links, demand, origin, []).Best(sites).Cost;
    }

    // Nearly every room: one pod, with places left, and everybody near it.
    private static bool MayStay(RoomLedger ledger, CascadeRequest room)
    {
        if (room.Seats.Count != 1 || room.Memory != TopologyMemory.None)
        {
            return false;
        }

        var origin = room.Seats[0];
        if (room.Mode is CascadeMode.Never)
        {
            return !origin.IsClosed;
        }

        if (origin.IsClosed || origin.Condition is not SeatCondition.Serving || room.Unseated > 0
            || ledger.PeopleLoadOf(origin.Instance, room.Room) is not { } load || load >= CascadePolicy.Full)
        {
            return false;
        }

        for (var i = 0; i < room.Demand.Count; i++)
        {
            if (room.Demand[i].People > 0 && room.Demand[i].Region != origin.Region)
            {
                return false;
            }
        }

        if (room.Mode is CascadeMode.Always)
        {
            for (var i = 0; i < room.Regions.Count; i++)
            {
                if (room.Regions[i] != origin.Region)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static TopologyDecision Unchanged(CascadeRequest room) => new() { Seats = [SeatOf(room.Seats[0])], Memory = room.Memory };

    private static TopologyDecision PlanAll(Draft draft)
    {
        var room = draft.Room;
        foreach (var seat in room.Seats)
        {
            draft.Seats.Add(new DraftSeat(seat.Instance, seat.Cluster, seat.Region, draft.Links.SiteOf(seat.Cluster))
            {
                Before = seat,
                Parent = seat.Parent,
                IsClosed = seat.IsClosed,
            });
        }

        for (var i = draft.Seats.Count - 1; i > 0; i--)
        {
            var seat = draft.Seats[i];
            if (room.Mode is CascadeMode.Never)
            {
                draft.Remove(seat, "cascade is Never");
            }
            else if (seat.Before!.Condition is SeatCondition.Lost)
            {
                draft.Remove(seat, $"{seat.Instance} is lost");
            }
        }

        if (!Origins.Settle(draft))
        {
            return Decided(draft) with { NeedsOrigin = true };
        }

        var trees = new SiteTrees(draft.Links, room.Demand, draft.Origin.Site, BrokenWays(draft));
        Spreading.Apply(draft, trees);
        Growing.Grow(draft);
        Branching.Apply(draft, trees);
        Growing.Prune(draft);
        return Decided(draft);
    }

    // An edge that is without its parent although their link is well has another fault between the two; it is given another way, if
    // there is one. That of another edge which may be without its parent, too, is none: what both have lost may be the parent.
    private static List<(int A, int B)> BrokenWays(Draft draft)
    {
        var ways = new List<(int A, int B)>();
        var isBroken = false;
        foreach (var seat in draft.Seats)
        {
            if (seat.Before is { CutOffSince: { } since, Condition: SeatCondition.Serving, Parent: { } parent }
                && draft.Find(parent) is { Before.Condition: SeatCondition.Serving } up && up.Site >= 0 && seat.Site >= 0 && up.Site != seat.Site)
            {
                var due = since + (seat.Before.WasConnected ? CascadePolicy.ParentPatience : CascadePolicy.FirstPatience);
                if (due <= draft.Now)
                {
                    isBroken = true;
                }
                else
                {
                    draft.Deadlines.Add(due);
                }

                if (due <= draft.Now || seat.Before.WasConnected)
                {
                    ways.Add((seat.Site, up.Site));
                }
            }
        }

        // Where there is no other way, the one that does not go is the one to try.
        return isBroken && new SiteTrees(draft.Links, draft.Room.Demand, draft.Origin.Site, ways).Best(draft.Sites()).Exists ? ways : [];
    }

    private static TopologyDecision Decided(Draft draft)
    {
        var seats = new List<PlannedSeat>(draft.Seats.Count);
        var isChanged = draft.Changes.Count > 0;
        if (draft.Seats.Count == 1)
        {
            // There is nowhere else to go.
            draft.Origin.IsClosed = false;
        }

        foreach (var seat in draft.Seats)
        {
            var link = seat.Parent is { } parent && draft.Find(parent) is { } up ? draft.Links.Between(seat.Cluster, up.Cluster) : null;
            isChanged |= seat.Before is null || seat.IsClosed != seat.Before.IsClosed || seat.Parent != seat.Before.Parent;
            seats.Add(new PlannedSeat
            {
                Instance = seat.Instance,
                Cluster = seat.Cluster,
                Region = seat.Region,
                Parent = seat.Parent,
                IsClosed = seat.IsClosed,
                MaxLinkBitsPerSecond = link?.MaxBitsPerSecond ?? 0,
                Expected = seat.Expected,
            });
        }

        return new TopologyDecision
        {
            Seats = seats,
            Changes = draft.Changes,
            IsChanged = isChanged,
            IsOriginChanged = seats[0].Instance != draft.Room.Seats[0].Instance,
            GrowCluster = draft.GrowCluster,
            Refusal = draft.Refusal,
            Memory = draft.Memory,
            NextDeadline = draft.Deadlines.Next,
        };
    }

    private static PlannedSeat SeatOf(SeatObservation seat) => new()
    {
        Instance = seat.Instance,
        Cluster = seat.Cluster,
        Region = seat.Region,
        Parent = seat.Parent,
        IsClosed = seat.IsClosed,
    };
}
