using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Instances;

namespace BuildIt.Operator.Planning.Tests.Health;

public sealed class HealthPlannerTests
{
    private static readonly InstanceObservation Well = Given.Pod("well");

    [Theory]
    [InlineData(1, 0, Liveness.Alive)]
    [InlineData(5, 0, Liveness.Alive)]
    [InlineData(6, 0, Liveness.Suspect)]
    [InlineData(6, 1, Liveness.Suspect)]
    [InlineData(6, 2, Liveness.Dead)]
    [InlineData(1, 2, Liveness.Suspect)]
    [InlineData(1, 1, Liveness.Alive)]
    public void Two_witnesses_make_a_death(int heartbeatAge, int probeFailures, Liveness expected)
    {
        var pod = Given.Pod("pod") with
        {
            LastHeartbeat = Given.Now.AddSeconds(-heartbeatAge),
            ProbeFailures = probeFailures,
            ProbeFailingSince = probeFailures > 0 ? Given.Now.AddSeconds(-probeFailures) : null,
        };

        Assert.Equal(expected, Judge(pod, Well, Given.Pod("other")));
    }

    [Fact]
    public void Kubernetes_alone_makes_a_death()
    {
        Assert.Equal(Liveness.Dead, Judge(Given.Pod("pod") with { NodeGone = true }, Well));
        Assert.Equal(Liveness.Dead, Judge(Given.Pod("pod") with { Phase = PodPhase.Failed }, Well));
    }

    [Fact]
    public void A_registry_that_is_away_is_no_witness()
    {
        var observed = Given.Fleet(Given.Spec(), Given.Pod("pod").Silent(), Well) with { RegistryReachableSince = null };

        Assert.Equal(Liveness.Suspect, FleetPlanner.Plan(observed, Given.Now).Verdicts[0].Liveness);
    }

    [Fact]
    public void A_registry_that_came_back_gives_the_nodes_time_to_write()
    {
        var observed = Given.Fleet(Given.Spec(), Given.Pod("pod").Silent(), Well) with { RegistryReachableSince = Given.Now.AddSeconds(-3) };

        Assert.Equal(Liveness.Suspect, FleetPlanner.Plan(observed, Given.Now).Verdicts[0].Liveness);
    }

    [Fact]
    public void A_dead_pod_is_deleted_and_replaced_in_one_plan()
    {
        var spec = Given.Spec(min: 3);
        var decision = FleetPlanner.Plan(
            Given.Fleet(spec, Given.Pod("dead", 20, 2).Silent(), Given.Pod("b"), Given.Pod("c")) with { Memory = Given.Memory(3) }, Given.Now);

        Assert.Equal([InstanceActionKind.Delete, InstanceActionKind.Create], decision.Actions.Select(action => action.Kind));
        Assert.Equal("dead", decision.Actions[0].Instance);
    }

    [Fact]
    public void When_all_fall_silent_nothing_is_changed()
    {
        var spec = Given.Spec(min: 3);
        var decision = FleetPlanner.Plan(
            Given.Fleet(spec, Given.Pod("a", 20, 2).Silent(), Given.Pod("b").Silent()) with { Memory = Given.Memory(3) }, Given.Now);

        Assert.Empty(decision.Actions);
        Assert.All(decision.Verdicts, verdict => Assert.Equal(Liveness.Suspect, verdict.Liveness));
        var degraded = decision.Status.Conditions.Single(condition => condition.Type == "Degraded");
        Assert.True(degraded.Status);
        Assert.Equal("FleetSilent", degraded.Reason);
    }

    [Fact]
    public void The_first_to_be_heard_again_does_not_condemn_the_others()
    {
        var spec = Given.Spec(min: 2);
        var silent = FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a").Silent(), Given.Pod("b").Silent()), Given.Now);
        var later = Given.Now.AddSeconds(1);
        var observed = Given.Fleet(spec, Given.Pod("a") with { LastHeartbeat = later }, Given.Pod("b").Silent()) with { Memory = silent.Memory };

        var decision = FleetPlanner.Plan(observed, later);
        Assert.Equal(Liveness.Suspect, decision.Verdicts[1].Liveness);

        var muchLater = later + HealthPolicy.Recovery;
        observed = Given.Fleet(spec, Given.Pod("a") with { LastHeartbeat = muchLater }, Given.Pod("b").Silent()) with { Memory = decision.Memory };
        Assert.Equal(Liveness.Dead, FleetPlanner.Plan(observed, muchLater).Verdicts[1].Liveness);
    }

    [Fact]
    public void The_only_pod_is_dead_when_the_kubelet_agrees()
    {
        Assert.Equal(Liveness.Suspect, Judge(Given.Pod("pod").Silent()));
        Assert.Equal(Liveness.Dead, Judge(Given.Pod("pod").Silent() with { ReadySince = null }));
    }

    [Fact]
    public void A_pod_that_fails_before_it_ran_is_not_replaced_at_once()
    {
        var failed = Given.Starting("failed") with { Phase = PodPhase.Failed };
        Assert.Empty(FleetPlanner.Plan(Given.Fleet(Given.Spec(), failed), Given.Now).Actions);

        var later = failed.CreatedAt.AddSeconds(30);
        var actions = FleetPlanner.Plan(Given.Fleet(Given.Spec(), failed), later).Actions;
        Assert.Equal([InstanceActionKind.Delete, InstanceActionKind.Create], actions.Select(action => action.Kind));
    }

    private static Liveness Judge(params InstanceObservation[] pods) =>
        FleetPlanner.Plan(Given.Fleet(Given.Spec(), pods), Given.Now).Verdicts[0].Liveness;
}
