using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests.Instances;

public sealed class InstancePlannerTests
{
    [Fact]
    public void The_emptiest_goes_first()
    {
        var drain = Assert.Single(Plan(1, Given.Pod("a", 9, 1), Given.Pod("b", 3, 1), Given.Pod("c", 5, 1)).Actions);

        Assert.Equal((InstanceActionKind.Drain, "b"), (drain.Kind, drain.Instance));
        Assert.Equal(Given.Now.AddMinutes(10), drain.Deadline);
        Assert.Equal(DrainCause.ScaleDown, drain.Cause);
    }

    [Fact]
    public void A_pod_that_never_served_goes_before_all_and_at_once()
    {
        var action = Assert.Single(Plan(2, Given.Pod("a"), Given.Pod("b"), Given.Starting("c")).Actions);

        Assert.Equal((InstanceActionKind.Delete, "c"), (action.Kind, action.Instance));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(0, 3)]
    public void Only_so_many_drain_at_a_time(int maxConcurrent, int expected)
    {
        var spec = Manual(1) with { Drain = new DrainPolicy { MaxConcurrent = maxConcurrent } };
        var decision = FleetPlanner.Plan(Given.Fleet(spec, [.. Enumerable.Range(0, 4).Select(i => Given.Pod($"p{i}", i, 1))]), Given.Now);

        Assert.Equal(expected, decision.Actions.Count(action => action.Kind is InstanceActionKind.Drain));
    }

    [Fact]
    public void A_drain_is_called_back_when_the_pod_is_needed()
    {
        var decision = Plan(3, Given.Pod("a"), Given.Pod("few", 1, 1).Draining(), Given.Pod("many", 9, 1).Draining());

        Assert.Equal(
            [(InstanceActionKind.CallBack, "many"), (InstanceActionKind.CallBack, "few")],
            decision.Actions.Select(action => (action.Kind, action.Instance)));
    }

    [Theory]
    [InlineData(DrainCause.ScaleDown, false, false, true)]
    [InlineData(DrainCause.Cordon, true, false, false)]
    [InlineData(DrainCause.Cordon, false, false, true)]
    [InlineData(DrainCause.Manual, false, true, false)]
    [InlineData(DrainCause.Manual, false, false, true)]
    [InlineData(DrainCause.ScaleDown, true, false, false)]
    [InlineData(DrainCause.Rollout, false, false, false)]
    [InlineData(DrainCause.Deletion, false, false, false)]
    public void A_drain_is_called_back_only_when_its_cause_is_gone(DrainCause cause, bool cordoned, bool requested, bool back)
    {
        var pod = Given.Pod("b", 5, 1).Draining(cause) with { NodeCordoned = cordoned, DrainRequested = requested };

        Assert.Equal(back ? InstanceActionKind.CallBack : InstanceActionKind.Create, Assert.Single(Plan(2, Given.Pod("a"), pod).Actions).Kind);
    }

    [Fact]
    public void A_person_who_takes_a_drain_back_gets_the_pod_back_and_the_emptiest_goes_instead()
    {
        var decision = Plan(1, Given.Pod("empty"), Given.Pod("wanted", 5, 1).Draining(DrainCause.Manual));

        Assert.Equal(
            [(InstanceActionKind.CallBack, "wanted"), (InstanceActionKind.Drain, "empty")], decision.Actions.Select(action => (action.Kind, action.Instance)));
        Assert.Equal("its drain was taken back by hand", decision.Actions[0].Reason);
    }

    [Fact]
    public void A_pod_of_which_clients_were_sent_away_does_not_come_back()
    {
        var pod = Given.Pod("b", 5, 1).Draining() with { ReconnectAskedAt = Given.Now };

        Assert.Equal(InstanceActionKind.Create, Assert.Single(Plan(2, Given.Pod("a"), pod).Actions).Kind);
    }

    [Fact]
    public void A_person_may_have_a_pod_drained()
    {
        var decision = Plan(1, Given.Pod("a", 5, 1) with { DrainRequested = true });

        Assert.Equal([InstanceActionKind.Drain, InstanceActionKind.Create], decision.Actions.Select(action => action.Kind));
        Assert.Equal(DrainCause.Manual, decision.Actions[0].Cause);
    }

    [Fact]
    public void A_busy_pod_is_waited_for_until_its_deadline()
    {
        var waiting = Plan(1, Given.Pod("a"), Given.Pod("b", 5, 1).Draining(deadlineIn: 1));

        Assert.Empty(waiting.Actions);
        Assert.Equal(Given.Now.AddSeconds(1), waiting.NextDeadline);
    }

    [Fact]
    public void After_the_deadline_clients_are_asked_to_go_and_then_the_pod_does()
    {
        var over = Given.Pod("b", 5, 1).Draining(deadlineIn: -1);
        var ask = Assert.Single(Plan(1, Given.Pod("a"), over).Actions);
        Assert.Equal(InstanceActionKind.Reconnect, ask.Kind);
        Assert.Contains("5 participants", ask.Reason, StringComparison.Ordinal);

        Assert.Empty(Plan(1, Given.Pod("a"), over with { ReconnectAskedAt = Given.Now.AddSeconds(-9) }).Actions);
        var delete = Assert.Single(Plan(1, Given.Pod("a"), over with { ReconnectAskedAt = Given.Now.AddSeconds(-10) }).Actions);
        Assert.Equal(InstanceActionKind.Delete, delete.Kind);
    }

    [Fact]
    public void An_empty_report_from_before_the_drain_does_not_count()
    {
        Assert.Empty(Plan(1, Given.Pod("a"), Given.Pod("b").Draining(startedAgo: 1)).Actions);
        Assert.Equal(InstanceActionKind.Delete, Assert.Single(Plan(1, Given.Pod("a"), Given.Pod("b").Draining(startedAgo: 3)).Actions).Kind);
    }

    [Fact]
    public void A_pod_to_which_a_room_was_sent_is_busy_before_it_reports_it()
    {
        var sent = Given.Pod("b").Draining() with { AssignedRooms = 1 };

        Assert.Empty(Plan(1, Given.Pod("a"), sent).Actions);
    }

    [Fact]
    public void A_cordoned_node_drains_its_pod_and_a_new_one_takes_its_place()
    {
        var decision = Plan(2, Given.Pod("a"), Given.Pod("b", 5, 1) with { NodeCordoned = true });

        Assert.Equal([InstanceActionKind.Drain, InstanceActionKind.Create], decision.Actions.Select(action => action.Kind));
        Assert.Equal(DrainCause.Cordon, decision.Actions[0].Cause);
    }

    [Fact]
    public void Pods_that_are_still_being_created_are_counted()
    {
        var observed = Given.Fleet(Manual(3), Given.Pod("a")) with { CreatesInFlight = ["b", "a"] };

        Assert.Single(FleetPlanner.Plan(observed, Given.Now).Actions);
    }

    [Fact]
    public void No_name_is_given_twice()
    {
        var first = FleetPlanner.Plan(Given.Fleet(Manual(10)), Given.Now).Actions.Select(action => action.Instance).ToList();
        Assert.Equal(10, first.Distinct().Count());
        Assert.All(first, name => Assert.Matches("^east-new-[a-z0-9]{7}$", name));

        // The same seed would give the same names; they are taken now.
        var second = FleetPlanner.Plan(Given.Fleet(Manual(10)) with { UsedNames = first }, Given.Now).Actions.Select(action => action.Instance);
        Assert.Empty(second.Intersect(first));
    }

    [Fact]
    public void A_long_fleet_name_still_gives_a_label()
    {
        var spec = Manual(1) with { Name = new string('n', 60) + "-xyz" };

        Assert.InRange(Assert.Single(FleetPlanner.Plan(Given.Fleet(spec), Given.Now).Actions).Instance.Length, 10, 63);
    }

    [Fact]
    public void A_paused_fleet_is_left_alone()
    {
        var spec = Manual(5) with { Paused = true };
        var decision = FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a").Silent(), Given.Pod("b").Draining(), Given.Pod("c")), Given.Now);

        Assert.Empty(decision.Actions);
        Assert.Contains(decision.Status.Conditions, condition => condition is { Type: "Paused", Status: true });
    }

    [Fact]
    public void A_fleet_being_deleted_drains_everything()
    {
        var spec = Given.Spec() with { Deleting = true, Paused = true };
        var decision = FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 5, 1), Given.Pod("b", 1, 1), Given.Starting("c")), Given.Now);

        Assert.Equal(2, decision.Actions.Count(action => action is { Kind: InstanceActionKind.Drain, Cause: DrainCause.Deletion }));
        Assert.Contains(decision.Actions, action => action is { Kind: InstanceActionKind.Delete, Instance: "c" });
        Assert.Equal(0, decision.Desired);
    }

    [Fact]
    public void A_suspect_pod_is_not_touched()
    {
        var suspect = Given.Pod("b") with { LastHeartbeat = Given.Now.AddSeconds(-7) };

        Assert.Equal("a", Assert.Single(Plan(2, Given.Pod("a", 9, 1), suspect, Given.Pod("c", 10, 1), Given.Pod("d", 11, 1)).Actions).Instance);
    }

    private static FleetSpec Manual(int replicas) => Given.Spec(min: 0) with { ManualReplicas = replicas };

    private static FleetDecision Plan(int replicas, params InstanceObservation[] pods) =>
        FleetPlanner.Plan(Given.Fleet(Manual(replicas), pods), Given.Now);
}
