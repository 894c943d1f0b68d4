using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Status;

namespace BuildIt.Operator.Planning.Tests.Status;

public sealed class StatusPlannerTests
{
    private static readonly InstanceObservation[] Two = [Given.Pod("a", 20, 2), Given.Pod("b", 15, 1)];

    [Fact]
    public void A_quiet_fleet_says_so()
    {
        var status = Status(Given.Spec(min: 2), Two);

        Assert.Equal(
            [
                ("Available", true, "PodsReady"),
                ("Progressing", false, "Settled"),
                ("Degraded", false, "AllWell"),
                ("ScalingLimited", true, "MinReached"),
                ("Paused", false, "NotPaused"),
            ],
            status.Conditions.Select(condition => (condition.Type, condition.Status, condition.Reason)));
        Assert.Equal((2, 2, 0, 2, 3, 35), (status.Replicas, status.ReadyReplicas, status.DrainingReplicas, status.UpdatedReplicas, status.Rooms, status.Participants));
        Assert.Equal(0.35, status.Load);
    }

    public static TheoryData<string, FleetSpec, InstanceObservation[], string, string> Cases => new()
    {
        { "no pod yet", Given.Spec(), [], "Available", "NoPodReady" },
        { "zero wanted", Given.Spec(min: 0), [], "Available", "ScaledToZero" },
        { "one starts", Given.Spec(min: 2), [Given.Pod("a"), Given.Starting("b")], "Progressing", "Starting" },
        { "one too few", Given.Spec(min: 2), [Given.Pod("a")], "Progressing", "Scaling" },
        { "rolling out", Given.Spec(), [Given.Pod("a", revision: "old")], "Progressing", "RollingOut" },
        { "draining", Given.Spec(), [Given.Pod("a"), Given.Pod("b", 5, 1).Draining()], "Progressing", "Draining" },
        { "one suspect", Given.Spec(), [Given.Pod("a"), Given.Pod("b") with { LastHeartbeat = Given.Now.AddSeconds(-8) }], "Degraded", "PodsSuspect" },
        { "one dead", Given.Spec(), [Given.Pod("a"), Given.Pod("b"), Given.Pod("c").Silent()], "Degraded", "PodsDead" },
        { "too much load", Given.Spec(max: 1), [Given.Pod("a", 50, 1)], "ScalingLimited", "MaxReached" },
        { "paused", Given.Spec() with { Paused = true }, [Given.Pod("a")], "Paused", "PausedBySpec" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_trouble_has_its_reason(string name, FleetSpec spec, InstanceObservation[] pods, string type, string reason)
    {
        var condition = Status(spec, pods).Conditions.Single(condition => condition.Type == type);

        Assert.True(condition.Reason == reason, $"{name}: {condition}");
    }

    [Fact]
    public void A_registry_that_is_away_is_said()
    {
        var observed = Given.Fleet(Given.Spec(), Two) with { RegistryReachableSince = null };

        Assert.Contains(
            FleetPlanner.Plan(observed, Given.Now).Status.Conditions,
            condition => condition is { Type: "Degraded", Status: true, Reason: "RegistryUnreachable" });
    }

    private static FleetStatus Status(FleetSpec spec, params InstanceObservation[] pods) => FleetPlanner.Plan(Given.Fleet(spec, pods), Given.Now).Status;
}
