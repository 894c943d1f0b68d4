using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Planning.Tests.Topology;

/// <summary>
/// One room in up to six regions over virtual time: people come and go, links flap, pods die, drain and come back, and the planner hears
/// of all of it late. Every plan is checked.
/// </summary>
internal sealed class CascadeSimulation
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly Random _random;
    private readonly List<FleetSite> _fleets = [];
    private readonly List<FleetLink> _links = [];
    private readonly Dictionary<string, SimulatedSeatPod> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (int People, int Publishers)> _people = new(StringComparer.Ordinal);
    private readonly Queue<(DateTimeOffset At, Action Tell)> _news = new();
    private readonly RoomLedger _ledger = new();
    private readonly Dictionary<string, DateTimeOffset> _leavingSince = new(StringComparer.Ordinal);
    private LinkMap _known = LinkMap.Empty;
    private CascadeRequest _room;
    private DateTimeOffset _now = Given.Now;

    public CascadeSimulation(int seed)
    {
        _random = new Random(seed);
        var regions = Enumerable.Range(0, _random.Next(1, 7)).Select(i => $"r{i}").ToArray();
        foreach (var region in regions)
        {
            _fleets.Add(new FleetSite(region, region));
            _people[region] = (0, 0);
            for (var i = _random.Next(2, 6); i > 0; i--)
            {
                AddPod($"{region}-{i}", region);
            }
        }

        for (var a = 0; a < regions.Length; a++)
        {
            for (var b = a + 1; b < regions.Length; b++)
            {
                if (_random.NextDouble() < 0.75)
                {
                    _links.Add(new FleetLink
                    {
                        Name = $"{a}-{b}",
                        A = regions[a],
                        B = regions[b],
                        DelayMilliseconds = _random.Next(5, 150),
                        Priority = _random.Next(5) == 0 ? 50 : 100,
                        IsHealthy = true,
                    });
                }
            }
        }

        _known = new LinkMap(_fleets, [.. _links]);
        _room = new CascadeRequest
        {
            Room = "room",
            Mode = _random.Next(4) == 0 ? CascadeMode.Always : CascadeMode.Auto,
            MaxRegions = _random.Next(1, 7),
            Seats = [new SeatObservation { Instance = "r0-1", Cluster = "r0", Region = "r0", People = 0, EmptySince = _now, Since = _now, IsConnected = true }],
        };
    }

    public int Changes { get; private set; }

    public int Events { get; private set; }

    public int LateChanges { get; private set; }

    /// <summary>Ten minutes in which things happen, and ten in which nothing does.</summary>
    public void Run()
    {
        for (var second = 0; second < 600; second++)
        {
            if (_random.Next(6) == 0)
            {
                Happen();
            }

            Round(isQuiet: false);
        }

        for (var second = 0; second < 600; second++)
        {
            Round(isQuiet: second > 300);
        }
    }

    private void Happen()
    {
        Events++;
        var region = _fleets[_random.Next(_fleets.Count)].Region;
        switch (_random.Next(10))
        {
            case < 5:
                var come = _random.Next(1, 6);
                _people[region] = (Math.Min(70, _people[region].People + come), Math.Min(20, _people[region].Publishers + _random.Next(0, come)));
                break;
            case < 8:
                var left = Math.Max(0, _people[region].People - _random.Next(1, 30));
                _people[region] = (left, Math.Min(left, _people[region].Publishers));
                break;
            case 8 when _links.Count > 0:
                var flapping = _random.Next(_links.Count);
                _links[flapping] = _links[flapping] with { IsHealthy = !_links[flapping].IsHealthy, DelayMilliseconds = _links[flapping].DelayMilliseconds * (0.95 + (_random.NextDouble() / 10)) };
                Tell(() => _known = new LinkMap(_fleets, [.. _links]));
                break;
            default:
                var pod = _pods.Values.ElementAt(_random.Next(_pods.Count));
                pod.Availability = (pod.Availability, _random.Next(3)) switch
                {
                    (PodAvailability.Ready, 0) => PodAvailability.Dead,
                    (PodAvailability.Ready, _) => PodAvailability.Draining,
                    _ => PodAvailability.Ready,
                };
                break;
        }
    }

    private void Tell(Action news) => _news.Enqueue((_now + TimeSpan.FromSeconds(_random.Next(0, 4)), news));

    private void Round(bool isQuiet)
    {
        _now += Step;
        while (_news.TryPeek(out var news) && news.At <= _now)
        {
            _news.Dequeue().Tell();
        }

        Settle();
        foreach (var pod in _pods.Values)
        {
            var state = new PodState
            {
                Cluster = pod.Region,
                Region = pod.Region,
                Instance = pod.Name,
                Availability = pod.Availability,
                Load = new PodLoad(pod.People > 0 ? 1 : 0, pod.People, pod.People, pod.People, 0, 0, 0),
            };
            if (state != pod.Told)
            {
                pod.Told = state;
                Tell(() => _ledger.Set(state));
            }
        }

        _ledger.Advance(_now);
        Observe();
        var decision = TopologyPlanner.Plan(_ledger, _known, _room, _now);
        Invariants.Check(decision, _room, _ledger, _known, _now);
        CheckLeaving(decision);
        Changes += decision.Changes.Count;
        LateChanges += isQuiet ? decision.Changes.Count : 0;
        Take(decision);
    }

    // People go to an open seat of their region, else to the origin; those on a pod that serves stay.
    private void Settle()
    {
        foreach (var pod in _pods.Values)
        {
            pod.People = 0;
        }

        foreach (var (region, (people, _)) in _people)
        {
            var there = _room.Seats.Where(seat => seat.Region == region && _pods[seat.Instance].Availability is not PodAvailability.Dead).ToList();
            var open = there.Where(seat => !seat.IsClosed).ToList();
            var seats = (open.Count > 0 ? open : there).Select(seat => _pods[seat.Instance]).DefaultIfEmpty(_pods[_room.Seats[0].Instance]).ToList();
            for (var i = 0; i < people; i++)
            {
                // Those who are there fill the closed ones up to where they were closed.
                var full = there.Where(seat => seat.IsClosed).Select(seat => _pods[seat.Instance]).FirstOrDefault(pod => pod.Availability is PodAvailability.Ready && pod.People < 40);
                (full ?? seats[i % seats.Count]).People++;
            }
        }
    }

    private void Observe() => _room = _room with
    {
        Demand = [.. _people.Where(region => region.Value.People > 0).Select(region => new RegionDemand(region.Key, region.Value.People, region.Value.Publishers))],
        Seats =
        [
            .. _room.Seats.Select(seat =>
            {
                var pod = _pods[seat.Instance];
                var isReached = seat.Parent is null
                    || (_room.Seats.FirstOrDefault(up => up.Instance == seat.Parent) is { } parent && _pods[parent.Instance].Availability is not PodAvailability.Dead
                        && (parent.Cluster == seat.Cluster || _links.Any(link => link.IsHealthy
                            && ((link.A == parent.Cluster && link.B == seat.Cluster) || (link.B == parent.Cluster && link.A == seat.Cluster)))));
                return seat with
                {
                    People = pod.People,
                    EmptySince = pod.People == 0 ? seat.EmptySince ?? _now : null,
                    IsConnected = isReached && _now - seat.Since > TimeSpan.FromSeconds(1),
                    CutOffSince = isReached ? null : seat.CutOffSince ?? _now,
                    WasConnected = seat.WasConnected || seat.IsConnected,
                    Condition = pod.Availability switch
                    {
                        PodAvailability.Dead => SeatCondition.Lost,
                        PodAvailability.Draining => SeatCondition.Leaving,
                        _ => SeatCondition.Serving,
                    },
                };
            }),
        ],
    };

    private void Take(TopologyDecision decision)
    {
        var seats = decision.Seats;
        if (decision.NeedsOrigin)
        {
            // As the reconciler does: another pod anywhere, and the other seats stay.
            var old = _room.Seats[0];
            var heir = _pods.Values.Where(pod => pod.Availability is PodAvailability.Ready && seats.All(seat => seat.Instance != pod.Name))
                .OrderBy(pod => pod.Region != old.Region).ThenBy(pod => pod.Name, StringComparer.Ordinal).FirstOrDefault();
            if (heir is null)
            {
                _room = _room with { Memory = decision.Memory };
                return;
            }

            seats = [new PlannedSeat { Instance = heir.Name, Cluster = heir.Region, Region = heir.Region }, .. seats.Skip(1)];
        }

        _ledger.SetEdges(
            "room", [.. seats.Skip(1).Select(seat => new PlacedEdge { Instance = seat.Instance, Parent = seat.Parent, Since = _now, Expected = seat.Expected })], _now);

        _room = _room with
        {
            Memory = decision.Memory,
            Seats =
            [
                .. seats.Select(seat => Follow(_room.Seats.FirstOrDefault(known => known.Instance == seat.Instance)
                    ?? new SeatObservation { Instance = seat.Instance, Cluster = seat.Cluster, Region = seat.Region, People = 0, EmptySince = _now, Since = _now }, seat)),
            ],
        };
    }

    // Of another way nothing is known yet.
    private static SeatObservation Follow(SeatObservation known, PlannedSeat seat) => known.Parent == seat.Parent
        ? known with { IsClosed = seat.IsClosed }
        : known with { Parent = seat.Parent, IsClosed = seat.IsClosed, IsConnected = false, WasConnected = false, CutOffSince = null };

    // A seat on a pod that is to go is gone as soon as another pod there could have taken it.
    private void CheckLeaving(TopologyDecision decision)
    {
        foreach (var seat in _room.Seats)
        {
            var others = _ledger.HeldFor(seat.Cluster);
            var couldGo = seat.Condition is SeatCondition.Leaving
                && _pods.Values.Any(pod => pod.Region == seat.Region && pod.Availability is PodAvailability.Ready && pod.People < 25 && others.Participants < 10);
            if (!couldGo || decision.NeedsOrigin || decision.Seats.All(left => left.Instance != seat.Instance))
            {
                _leavingSince.Remove(seat.Instance);
                continue;
            }

            var since = _leavingSince.TryGetValue(seat.Instance, out var at) ? at : _leavingSince[seat.Instance] = _now;
            if (_now - since > TimeSpan.FromSeconds(60))
            {
                throw new InvariantException($"{seat.Instance} drains and has kept its seat for a minute, while there are pods beside it");
            }
        }
    }

    private void AddPod(string name, string region)
    {
        _pods.Add(name, new SimulatedSeatPod(name, region));
        _ledger.Set(new PodState { Cluster = region, Region = region, Instance = name });
    }

    private sealed class SimulatedSeatPod(string name, string region)
    {
        public string Name { get; } = name;

        public string Region { get; } = region;

        public PodAvailability Availability { get; set; } = PodAvailability.Ready;

        public int People { get; set; }

        public PodState? Told { get; set; }
    }

    internal sealed class InvariantException(string message) : Exception(message);

    /// <summary>What is true of every plan.</summary>
    private static class Invariants
    {
        public static void Check(TopologyDecision decision, CascadeRequest before, RoomLedger ledger, LinkMap links, DateTimeOffset now)
        {
            var seats = decision.Seats.ToDictionary(seat => seat.Instance, StringComparer.Ordinal);
            Is(seats.Count <= CascadePolicy.MaxSeats, "more seats than a room has");
            if (decision.NeedsOrigin)
            {
                return;
            }

            Is(decision.Seats[0].Parent is null && decision.Seats.Skip(1).All(seat => seat.Parent is not null), "one origin, and it is the first");
            foreach (var seat in decision.Seats)
            {
                var (at, steps) = (seat, 0);
                while (at.Parent is not null)
                {
                    Is(seats.TryGetValue(at.Parent, out at!), $"{seat.Instance} hangs on a seat that is none");
                    Is(++steps <= seats.Count, $"{seat.Instance} hangs on itself");
                }
            }

            foreach (var change in decision.Changes)
            {
                Is(change.Reason.Length > 0, "a change without a reason");
                if (change.Kind is SeatChangeKind.Add)
                {
                    Is(ledger.FindPod(change.Instance) is { State.Availability: PodAvailability.Ready }, $"{change.Instance} gets a seat and is not ready");
                }
            }

            var regions = decision.Seats.Select(seat => seat.Region).Distinct().Count();
            var had = before.Seats.Select(seat => seat.Region).Distinct().Count();
            Is(regions <= Math.Max(before.MaxRegions, had), "more regions than allowed");
            CheckLinks(decision, seats, before, links, now);
        }

        private static void CheckLinks(TopologyDecision decision, Dictionary<string, PlannedSeat> seats, CascadeRequest before, LinkMap links, DateTimeOffset now)
        {
            var hops = new List<(string Child, string Parent)>();
            var cutOff = decision.Memory.CutOffSince;
            foreach (var seat in decision.Seats.Where(seat => seat.Parent is not null && seats[seat.Parent].Cluster != seat.Cluster))
            {
                var parent = seats[seat.Parent!];
                hops.Add((seat.Cluster, parent.Cluster));
                Is(links.Between(seat.Cluster, parent.Cluster) is not null || cutOff.ContainsKey(seat.Cluster), $"{seat.Instance} hangs on {parent.Instance} without a healthy link");
            }

            // A track crosses once into each fleet, and no two fleets are more than two links apart.
            Is(hops.Select(hop => hop.Child).Distinct().Count() == hops.Count, "two seats of one fleet are fed from elsewhere");
            if (cutOff.Count == 0)
            {
                var center = hops.GroupBy(hop => hop.Parent).Count();
                Is(center <= 2, "the fleets hang on more than two others");
                if (center == 2)
                {
                    var origin = decision.Seats[0].Cluster;
                    Is(hops.Count(hop => hop.Parent == origin) == 1, "two fleets are more than two links apart");
                }
            }
        }

        private static void Is(bool isTrue, string otherwise)
        {
            if (!isTrue)
            {
                throw new InvariantException(otherwise);
            }
        }
    }
}
