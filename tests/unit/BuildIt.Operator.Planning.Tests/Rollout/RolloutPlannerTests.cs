using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests.Rollout;

public sealed class RolloutPlannerTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(9, 4)]
    public void New_pods_come_beside_the_old_within_the_surge(int surge, int expected)
    {
        var decision = Plan(new RolloutPolicy { MaxSurge = new PodAmount(surge) }, Old("a"), Old("b"), Old("c"), Old("d"));

        Assert.Equal(expected, decision.Actions.Count);
        Assert.All(decision.Actions, action => Assert.Equal((InstanceActionKind.Create, Given.Revision), (action.Kind, action.Revision)));
    }

    [Fact]
    public void No_old_pod_goes_before_its_successor_is_ready()
    {
        Assert.Empty(Plan(new RolloutPolicy(), Old("a"), Old("b"), Old("c"), Old("d"), Given.Starting("new")).Actions);

        var drain = Assert.Single(Plan(new RolloutPolicy(), Old("a", 3), Old("b", 1), Old("c", 2), Old("d", 5), Given.Pod("new")).Actions);
        Assert.Equal((InstanceActionKind.Drain, "b", DrainCause.Rollout), (drain.Kind, drain.Instance, drain.Cause));
    }

    [Fact]
    public void The_canary_stops_the_rollout_until_it_has_proved_itself()
    {
        var policy = new RolloutPolicy { MaxSurge = new PodAmount(2), CanaryPods = 1, CanaryPause = TimeSpan.FromMinutes(10) };
        Assert.Single(Plan(policy, Old("a"), Old("b"), Old("c"), Old("d")).Actions);

        var young = Given.Pod("new") with { ReadySince = Given.Now.AddMinutes(-9) };
        var waits = Plan(policy, Old("a"), Old("b"), Old("c"), young);
        Assert.Empty(waits.Actions);
        Assert.Contains(waits.Status.Conditions, condition => condition.Type == "Progressing" && condition.Message.Contains("canary", StringComparison.Ordinal));

        var proven = Given.Pod("new") with { ReadySince = Given.Now.AddMinutes(-10) };
        Assert.Equal(2, Plan(policy, Old("a"), Old("b"), Old("c"), proven).Actions.Count(action => action.Kind is InstanceActionKind.Create));
    }

    [Fact]
    public void A_revision_that_never_gets_ready_stops_the_rollout()
    {
        var stuck = Given.Starting("new") with { CreatedAt = Given.Now.AddMinutes(-6) };
        var decision = Plan(new RolloutPolicy(), Old("a"), Old("b"), Old("c"), Old("d"), stuck);

        Assert.Empty(decision.Actions);
        Assert.Contains(decision.Status.Conditions, condition => condition is { Type: "Degraded", Status: true, Reason: "PodNotStarting" });
    }

    private static InstanceObservation Old(string name, int participants = 0) => Given.Pod(name, participants, 1, "old");

    private static FleetDecision Plan(RolloutPolicy policy, params InstanceObservation[] pods)
    {
        var spec = Given.Spec(min: 0) with { ManualReplicas = 4, Rollout = policy };
        return FleetPlanner.Plan(Given.Fleet(spec, pods), Given.Now);
    }
}
