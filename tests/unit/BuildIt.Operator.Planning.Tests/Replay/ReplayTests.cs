using System.Text.Json;
using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Replay;

namespace BuildIt.Operator.Planning.Tests.Replay;

/// <summary>What is written of a round is enough to plan it again.</summary>
public sealed class ReplayTests
{
    public static TheoryData<string> Cases => [.. Rounds.Keys];

    private static Dictionary<string, FleetObservation> Rounds { get; } = new()
    {
        ["quiet"] = Given.Fleet(Given.Spec(), Given.Pod("a")),
        ["grows"] = Given.Fleet(Given.Spec(), Given.Pod("a", participants: 90, rooms: 9)) with { Memory = Given.Memory(1) },
        ["shrinks later"] = Remembering(Given.Fleet(Given.Spec(), Given.Pod("a"), Given.Pod("b"), Given.Pod("c"))),
        ["one dies"] = Given.Fleet(Given.Spec(min: 3), Given.Pod("a"), Given.Pod("b", 4, 1).Silent(), Given.Pod("c")),
        ["drains"] = Given.Fleet(Given.Spec(), Given.Pod("a", 10, 1), Given.Pod("b", 1, 1).Draining()),
        ["rolls out"] = Given.Fleet(Given.Spec(min: 2), Given.Pod("a", revision: "old"), Given.Pod("b", revision: "old")),
        ["waits"] = Given.Fleet(Given.Spec(), Given.Starting("a")) with
        {
            Demand = new RoomDemand { PendingRooms = [10, 20], ReservedRooms = 1, ReservedParticipants = 5 },
            Schedules = [new ScheduleWindow("day", 2, Given.Now.AddHours(-1), Given.Now.AddHours(1))],
            CreatesInFlight = ["b"],
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_round_that_was_written_and_read_is_planned_the_same(string name)
    {
        var observed = Rounds[name];
        var decision = FleetPlanner.Plan(observed, Given.Now);
        var written = Write(new FleetRecord(Given.Now, observed, decision));
        var read = JsonSerializer.Deserialize<FleetRecord>(written, PlanningJson.Options)!;

        Assert.Equal(written, Write(read));
        Assert.Equal(Write(decision), Write(FleetPlanner.Plan(read.Observation, read.At)));
    }

    // Rounds every half a minute, so that the memory holds several values.
    private static FleetObservation Remembering(FleetObservation observed)
    {
        for (var ago = 120; ago > 0; ago -= 30)
        {
            var at = Given.Now.AddSeconds(-ago);
            observed = observed with { Memory = FleetPlanner.Plan(observed with { Instances = [.. observed.Instances.Select(pod => pod with { LastHeartbeat = at })] }, at).Memory };
        }

        return observed;
    }

    private static string Write<T>(T value) => JsonSerializer.Serialize(value, PlanningJson.Options);
}
