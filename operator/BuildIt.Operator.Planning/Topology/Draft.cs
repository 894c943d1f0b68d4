using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Placement;

namespace BuildIt.Operator.Planning.Topology;

/// <summary>A seat while a plan is made.</summary>
internal sealed class DraftSeat(string instance, string cluster, string region, int site)
{
    public string Instance { get; } = instance;

    public string Cluster { get; } = cluster;

    public string Region { get; } = region;

    /// <summary>Its fleet among those with links; -1 when no link joins that.</summary>
    public int Site { get; } = site;

    /// <summary>As it was; null when it is new.</summary>
    public SeatObservation? Before { get; init; }

    public string? Parent { get; set; }

    public bool IsClosed { get; set; }

    public int Expected { get; init; }

    public int People => Before?.People ?? 0;

    public bool IsLeaving => Before?.Condition is SeatCondition.Leaving;

    /// <summary>It may become a parent: it serves, and has the room itself.</summary>
    public bool IsFirm => Before is { Condition: SeatCondition.Serving } seat && (seat.IsConnected || seat.Parent is null);
}

/// <summary>The seats of a room while a plan is made, and what has been done to them.</summary>
internal sealed class Draft(RoomLedger ledger, LinkMap links, CascadeRequest room, DateTimeOffset now)
{
    // Asked of every site several times in a plan, during which the pods do not change.
    private ulong _asked;
    private ulong _withPod;

    public RoomLedger Ledger => ledger;

    public LinkMap Links => links;

    public CascadeRequest Room => room;

    public DateTimeOffset Now => now;

    public Model.Deadlines Deadlines { get; } = new(now);

    public List<DraftSeat> Seats { get; } = [];

    public List<SeatChange> Changes { get; } = [];

    public DraftSeat Origin => Seats[0];

    public TopologyMemory Memory { get; set; } = room.Memory;

    /// <summary>The site that was given a seat so that others hang on it; -1 when none was.</summary>
    public int Center { get; set; } = -1;

    public string? GrowCluster { get; set; }

    public string? Refusal { get; set; }

    /// <summary>The sites of all seats. An origin whose fleet has no links is none: it can be joined by nobody outside.</summary>
    public ulong Sites()
    {
        var sites = 0UL;
        foreach (var seat in Seats)
        {
            sites |= seat.Site < 0 ? 0 : 1UL << seat.Site;
        }

        return sites;
    }

    public int RegionCount()
    {
        var count = 0;
        for (var i = 0; i < Seats.Count; i++)
        {
            var isFirst = true;
            for (var j = 0; j < i; j++)
            {
                isFirst &= Seats[j].Region != Seats[i].Region;
            }

            count += isFirst ? 1 : 0;
        }

        return count;
    }

    public bool HasSeatIn(string region) => Seats.Exists(seat => seat.Region == region);

    public DraftSeat? Find(string instance) => Seats.Find(seat => seat.Instance == instance);

    /// <summary>Gives the room a further seat in a fleet.</summary>
    /// <param name="cluster">The fleet.</param>
    /// <param name="region">Its region.</param>
    /// <param name="expected">People to hold places for.</param>
    /// <param name="reason">Why.</param>
    /// <param name="mayCrowd">A pod that is nearly full will do, because those who need the seat are there already.</param>
    /// <returns>Null when no pod there has places.</returns>
    public DraftSeat? Add(string cluster, string region, int expected, string reason, bool mayCrowd = false)
    {
        if (Seats.Count >= CascadePolicy.MaxSeats)
        {
            Refusal = $"it has {Seats.Count} seats, and a room has no more";
            return null;
        }

        if (ledger.FindPod(Origin.Instance) is { State.Relays: false })
        {
            Refusal = $"{Origin.Instance}, its origin, accepts no links";
            return null;
        }

        var taken = new List<string>(Seats.Count);
        foreach (var seat in Seats)
        {
            taken.Add(seat.Instance);
        }

        foreach (var change in Changes)
        {
            taken.Add(change.Instance);
        }

        if (RoomPlacer.PlaceSeat(ledger, cluster, region, Math.Max(1, expected), taken, room.Media) is not { } place || (place.Load > CascadePolicy.Full && !mayCrowd))
        {
            Refuse(cluster, region);
            return null;
        }

        var added = new DraftSeat(place.Instance, cluster, region, links.SiteOf(cluster)) { Expected = place.Expected };
        Seats.Add(added);
        Changes.Add(new SeatChange(SeatChangeKind.Add, place.Instance, reason));
        return added;
    }

    public void Remove(DraftSeat seat, string reason)
    {
        Seats.Remove(seat);
        Changes.Add(new SeatChange(SeatChangeKind.Remove, seat.Instance, reason));
    }

    /// <summary>A seat is wanted in a fleet that has no pod for it.</summary>
    public void Refuse(string cluster, string region)
    {
        GrowCluster ??= cluster;
        Refusal ??= $"no pod of {cluster} in {region} has places for a seat";
    }

    /// <summary>Whether the fleet of a site has a pod that could take a seat.</summary>
    public bool HasPod(int site)
    {
        var bit = 1UL << site;
        if ((_asked & bit) == 0)
        {
            _asked |= bit;
            var fits = RoomPlacer.PlaceSeat(ledger, links.NameOf(site), links.NameOfRegion(site), 1, [], room.Media) is { } place && place.Load <= CascadePolicy.Full;
            _withPod |= fits ? bit : 0;
        }

        return (_withPod & bit) != 0;
    }

    /// <summary>Those who are in a region, or want to be served there.</summary>
    public int PeopleIn(string region)
    {
        var people = 0;
        foreach (var demand in room.Demand)
        {
            people += demand.Region == region ? demand.People : 0;
        }

        return people;
    }

    /// <summary>How full the pod of a seat is for people.</summary>
    public double LoadOf(DraftSeat seat) => ledger.PeopleLoadOf(seat.Instance, room.Room) ?? 0;
}
