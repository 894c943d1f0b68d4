using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;

namespace BuildIt.Operator.Bench.Planning;

/// <summary>The planners at the sizes the product promises.</summary>
internal static class PlanningBench
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static Measurement PlanLargeFleet() => Measurement.Of(
        "plan a fleet of 10,000 pods, half of an old revision, some draining and dead", 2_500_000, () => Fleet(10_000), observed => FleetPlanner.Plan(observed, Now));

    // With all that is kept of a room that was placed: its seat, and until when places are held there.
    public static Measurement PlaceRooms() => Measurement.Of(
        "place 1,000 rooms on 20 pods", 840_000, () => Ledger(20, 60), ledger => Place(ledger, 1_000));

    public static Measurement PlaceRoomsInLargeFleet() => Measurement.Of(
        "place 1,000 rooms on 10,000 pods", 840_000, () => Ledger(10_000, 10), ledger => Place(ledger, 1_000));

    private static FleetObservation Fleet(int pods)
    {
        var random = new Random(1);
        var instances = new InstanceObservation[pods];
        for (var i = 0; i < pods; i++)
        {
            var participants = random.Next(45);
            var silent = random.Next(500) == 0;
            instances[i] = new InstanceObservation
            {
                Name = $"east-{i:00000}",
                Revision = i % 2 == 0 ? "new" : "old",
                CreatedAt = Now.AddHours(-random.Next(1, 100)),
                ReadySince = silent ? null : Now.AddHours(-1),
                LastHeartbeat = Now.AddSeconds(silent ? -9 : -1),
                ProbeFailingSince = silent ? Now.AddSeconds(-6) : null,
                ProbeFailures = silent ? 4 : 0,
                Load = new PodLoad(participants / 5, participants, participants, participants, 0, 0, 0.3),
                DrainStartedAt = i % 100 == 1 ? Now.AddMinutes(-1) : null,
                DrainDeadline = i % 100 == 1 ? Now.AddMinutes(9) : null,
                DrainCause = i % 100 == 1 ? DrainCause.Rollout : DrainCause.None,
            };
        }

        return new FleetObservation
        {
            Spec = new FleetSpec
            {
                Name = "east",
                Revision = "new",
                Min = 1,
                Max = 12_000,
                Drain = new() { MaxConcurrent = 200 },
                Rollout = new() { MaxSurge = PodAmount.Percent(5) },
            },
            Instances = instances,
            RegistryReachableSince = Now.AddHours(-1),
            NameSeed = 7,
        };
    }

    private static RoomLedger Ledger(int pods, int maxRooms)
    {
        var states = new PodState[pods];
        for (var i = 0; i < pods; i++)
        {
            states[i] = new PodState
            {
                Cluster = "east",
                Region = "us-east-1",
                Instance = $"east-{i:00000}",
                Capacity = new PodCapacity(700, 700, maxRooms, 0, 0),
            };
        }

        return new RoomLedger(states, [], Now);
    }

    private static void Place(RoomLedger ledger, int rooms)
    {
        string[] regions = ["us-east-1"];
        for (var i = 0; i < rooms; i++)
        {
            var placement = RoomPlacer.Place(ledger, new RoomRequest { Room = $"room-{i}", Regions = regions, ExpectedParticipants = 10 }, Now);
            if (!placement.IsPlaced)
            {
                throw new InvalidOperationException(placement.Reason);
            }
        }
    }
}
