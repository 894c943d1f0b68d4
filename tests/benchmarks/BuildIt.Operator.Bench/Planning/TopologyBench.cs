using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Bench.Planning;

/// <summary>Seats of 100,000 rooms on 10,000 pods in 12 regions with 30 links: one plan of each room that follows news of it.</summary>
internal static class TopologyBench
{
    private const int Pods = 10_000;
    private const int Rooms = 100_000;
    private const int Regions = 12;
    private const int LinkCount = 30;

    // One room in a hundred has people in several regions, and most have been there a while.
    private const int SpreadEach = 100;

    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static Measurement PlanRooms() => Measurement.Of(
        $"plan the seats of {Rooms:N0} rooms, {Rooms / SpreadEach:N0} of them in several regions, on {Pods:N0} pods with {LinkCount} links",
        120_000_000,
        () => new World(),
        world => world.PlanAll());

    public static Measurement SpreadRooms() => Measurement.Of(
        $"give {Rooms / SpreadEach:N0} rooms their seats in further regions", 40_000_000, () => new World(), world => world.SpreadAll());

    public static Measurement DrawLinks() => Measurement.Of(
        $"draw the map of {LinkCount} links anew", 100_000, () => new World(), world => world.Draw());

    private sealed class World
    {
        private readonly FleetSite[] _sites = [.. Enumerable.Range(0, Regions).Select(i => new FleetSite($"calls/fleet-{i}", $"region-{i}"))];
        private readonly List<FleetLink> _links = [];
        private readonly RoomLedger _ledger;
        private readonly LinkMap _map;
        private readonly CascadeRequest[] _rooms = new CascadeRequest[Rooms];

        public World()
        {
            var random = new Random(1);
            for (var i = 0; _links.Count < LinkCount; i++)
            {
                var (a, b) = (i % Regions, (i + 1 + (i / Regions)) % Regions);
                _links.Add(new FleetLink
                {
                    Name = $"link-{i}",
                    A = _sites[a].Cluster,
                    B = _sites[b].Cluster,
                    DelayMilliseconds = random.Next(5, 150),
                    IsHealthy = random.Next(10) != 0,
                });
            }

            var pods = new PodState[Pods];
            for (var i = 0; i < Pods; i++)
            {
                var site = _sites[i % Regions];
                pods[i] = new PodState
                {
                    Cluster = site.Cluster,
                    Region = site.Region,
                    Instance = $"pod-{i:00000}",
                    Load = new PodLoad(10, 20, 20, 20, 0, 0, 0.3),
                    Capacity = new PodCapacity(200, 200, 100, 0, 0),
                };
            }

            _ledger = new RoomLedger(pods, [], Now);
            _map = new LinkMap(_sites, _links);
            for (var i = 0; i < Rooms; i++)
            {
                var pod = pods[i % Pods];
                var isSpread = i % SpreadEach == 0;
                var demand = new List<RegionDemand> { new(pod.Region, 6, 4) };
                for (var j = 1; isSpread && j < 4; j++)
                {
                    demand.Add(new RegionDemand(_sites[(i + (j * 3)) % Regions].Region, 5, 3));
                }

                _rooms[i] = new CascadeRequest
                {
                    Room = $"room-{i}",
                    MaxRegions = 4,
                    Seats = [new SeatObservation { Instance = pod.Instance, Cluster = pod.Cluster, Region = pod.Region, People = 6, Since = Now.AddHours(-1), IsConnected = true }],
                    Demand = demand,
                };
            }
        }

        public void PlanAll()
        {
            foreach (var room in _rooms)
            {
                TopologyPlanner.Plan(_ledger, _map, room, Now);
            }
        }

        public void SpreadAll()
        {
            for (var i = 0; i < Rooms; i += SpreadEach)
            {
                var room = _rooms[i];
                for (var (now, rounds) = (Now, 0); rounds < 4; rounds++, now += CascadePolicy.AddAfter)
                {
                    var decision = TopologyPlanner.Plan(_ledger, _map, room, now);
                    room = room with
                    {
                        Memory = decision.Memory,
                        Seats =
                        [
                            .. decision.Seats.Select(seat => room.Seats.FirstOrDefault(known => known.Instance == seat.Instance)
                                ?? new SeatObservation { Instance = seat.Instance, Cluster = seat.Cluster, Region = seat.Region, Parent = seat.Parent, People = 5, Since = now, IsConnected = true }),
                        ],
                    };
                    foreach (var added in decision.Changes.Where(change => change.Kind is SeatChangeKind.Add))
                    {
                        _ledger.SetEdge(room.Room, new PlacedEdge { Instance = added.Instance, Since = now, Expected = 5 }, now);
                    }
                }
            }
        }

        public LinkMap Draw() => new(_sites, _links);
    }
}
