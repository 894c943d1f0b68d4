using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Planning.Tests.Topology;

/// <summary>Fleets, links and one room for table tests. Fleets are called as their regions.</summary>
internal sealed class TopologyWorld
{
    private readonly List<FleetSite> _fleets = [];
    private readonly List<FleetLink> _links = [];
    private readonly Dictionary<string, PodState> _pods = new(StringComparer.Ordinal);

    public CascadeRequest Room { get; set; } = new() { Room = "r", Seats = [] };

    public DateTimeOffset Now { get; set; } = Given.Now;

    public RoomLedger Ledger { get; } = new();

    public LinkMap Links => new(_fleets, _links);

    public TopologyWorld Fleet(string region, int pods = 3)
    {
        _fleets.Add(new FleetSite(region, region));
        for (var i = 0; i < pods; i++)
        {
            Pod($"{region}-{i}", region);
        }

        return this;
    }

    public TopologyWorld Pod(string instance, string region, int participants = 0, PodAvailability availability = PodAvailability.Ready)
    {
        _pods[instance] = new PodState
        {
            Cluster = region,
            Region = region,
            Instance = instance,
            Availability = availability,
            Load = new PodLoad(participants > 0 ? 1 : 0, participants, participants, participants, 0, 0, 0),
        };
        Ledger.Set(_pods[instance]);
        return this;
    }

    public TopologyWorld Link(string a, string b, double delay, int priority = 100, bool healthy = true, double cost = 0)
    {
        _links.RemoveAll(link => link.Name == $"{a}-{b}");
        _links.Add(new FleetLink { Name = $"{a}-{b}", A = a, B = b, DelayMilliseconds = delay, Priority = priority, IsHealthy = healthy, Cost = cost });
        return this;
    }

    /// <summary>The room has a seat, and people on it.</summary>
    public TopologyWorld Seat(string instance, string? parent = null, int people = 1, SeatCondition condition = SeatCondition.Serving, bool closed = false)
    {
        Room = Room with
        {
            Seats =
            [
                .. Room.Seats.Where(seat => seat.Instance != instance),
                new SeatObservation
                {
                    Instance = instance,
                    Cluster = _pods[instance].Cluster,
                    Region = _pods[instance].Region,
                    Parent = parent,
                    People = people,
                    Condition = condition,
                    IsClosed = closed,
                    IsConnected = true,
                    EmptySince = people == 0 ? Now - TimeSpan.FromSeconds(5) : null,
                    Since = Now - TimeSpan.FromMinutes(10),
                },
            ],
        };
        return this;
    }

    public TopologyWorld People(string region, int people, int? publishers = null)
    {
        Room = Room with { Demand = [.. Room.Demand.Where(demand => demand.Region != region), new RegionDemand(region, people, publishers ?? people)] };
        return this;
    }

    public TopologyDecision Plan() => TopologyPlanner.Plan(Ledger, Links, Room, Now);

    /// <summary>Carries a decision out: all pods do as they are told, at once.</summary>
    public void Take(TopologyDecision decision)
    {
        Room = Room with
        {
            Memory = decision.Memory,
            Seats =
            [
                .. decision.Seats.Select(seat =>
                {
                    var before = Room.Seats.FirstOrDefault(known => known.Instance == seat.Instance);
                    return (before ?? new SeatObservation { Instance = seat.Instance, Cluster = seat.Cluster, Region = seat.Region, People = 0, EmptySince = Now, Since = Now, IsConnected = true })
                        with { Parent = seat.Parent, IsClosed = seat.IsClosed };
                }),
            ],
        };
    }

    /// <summary>Plans and carries out until nothing changes any more and no time is waited for, or for so long.</summary>
    public TopologyDecision Settle(TimeSpan? within = null)
    {
        var end = Now + (within ?? TimeSpan.FromMinutes(30));
        var decision = Plan();
        Take(decision);
        while (decision.IsChanged || (decision.NextDeadline is { } next && next <= end))
        {
            Now = decision.IsChanged ? Now + TimeSpan.FromSeconds(1) : decision.NextDeadline!.Value;
            decision = Plan();
            Take(decision);
        }

        return decision;
    }
}
