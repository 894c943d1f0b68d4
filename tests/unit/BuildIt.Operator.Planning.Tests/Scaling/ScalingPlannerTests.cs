using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Scaling;

namespace BuildIt.Operator.Planning.Tests.Scaling;

public sealed class ScalingPlannerTests
{
    // Capacity: 50 publishers, 200 subscribers, 10 rooms; target 0.7, so one pod should have 35 publishers or 7 rooms.
    [Theory]
    [InlineData(0, 0, 1, "no load")]
    [InlineData(35, 1, 1, "publishers")]
    [InlineData(36, 1, 2, "publishers")]
    [InlineData(70, 1, 2, "publishers")]
    [InlineData(10, 8, 2, "rooms")]
    [InlineData(1000, 1, 10, "no more than 10")]
    public void The_highest_measure_decides(int participants, int rooms, int expected, string reason)
    {
        var decision = FleetPlanner.Plan(Given.Fleet(Given.Spec(), Given.Pod("a", participants, rooms)), Given.Now);

        Assert.Equal(expected, decision.Desired);
        Assert.Contains(reason, decision.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, false, 4)]
    [InlineData(50, true, 3)]
    [InlineData(51, true, 4)]
    public void Warm_pods_are_kept_beyond_the_load(int amount, bool percent, int expected)
    {
        var spec = Given.Spec() with { Scaling = new ScalingPolicy { Warm = new PodAmount(amount, percent) } };

        Assert.Equal(expected, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 70, 2)), Given.Now).Desired);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(5, 5)]
    [InlineData(99, 10)]
    public void A_number_set_by_hand_replaces_load_within_bounds(int manual, int expected)
    {
        var spec = Given.Spec() with { ManualReplicas = manual };

        Assert.Equal(expected, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 500, 5)), Given.Now).Desired);
    }

    [Fact]
    public void A_fleet_shrinks_only_after_the_window()
    {
        var spec = Given.Spec();
        var pods = new[] { Given.Pod("a", 50, 2), Given.Pod("b", 50, 2), Given.Pod("c", 50, 2) };
        var busy = FleetPlanner.Plan(Given.Fleet(spec, pods), Given.Now);
        Assert.Equal(5, busy.Desired);

        var memory = busy.Memory;
        for (var second = 1; second < 300; second++)
        {
            var quiet = FleetPlanner.Plan(Idle(spec, Given.Now.AddSeconds(second), memory), Given.Now.AddSeconds(second));
            Assert.Equal(5, quiet.Desired);
            memory = quiet.Memory;
        }

        var after = FleetPlanner.Plan(Idle(spec, Given.Now.AddSeconds(300), memory), Given.Now.AddSeconds(300));
        Assert.Equal(4, after.Desired);

        var soon = FleetPlanner.Plan(Idle(spec, Given.Now.AddSeconds(301), after.Memory), Given.Now.AddSeconds(301));
        Assert.Equal(4, soon.Desired);
        var later = FleetPlanner.Plan(Idle(spec, Given.Now.AddSeconds(330), soon.Memory), Given.Now.AddSeconds(330));
        Assert.Equal(3, later.Desired);
    }

    [Fact]
    public void The_memory_of_wishes_stays_small()
    {
        var spec = Given.Spec();
        ScalingMemory? memory = null;
        for (var second = 0; second < 2_000; second++)
        {
            var now = Given.Now.AddSeconds(second);
            var observed = Idle(spec, now, memory) with { Demand = new RoomDemand { ReservedParticipants = (int)(200 + (190 * Math.Sin(second / 7.0))) } };
            memory = FleetPlanner.Plan(observed, now).Memory;
            Assert.InRange(memory.Highest.Count, 1, 12);
        }
    }

    [Fact]
    public void A_restart_does_not_shrink_the_fleet()
    {
        var pods = Enumerable.Range(0, 6).Select(i => Given.Pod($"p{i}")).ToArray();

        var decision = FleetPlanner.Plan(Given.Fleet(Given.Spec(), pods), Given.Now);

        Assert.Equal(6, decision.Desired);
        Assert.Empty(decision.Actions);
    }

    [Fact]
    public void An_idle_fleet_goes_to_zero_and_a_waiting_room_brings_it_back()
    {
        var spec = Given.Spec(min: 0);
        var idle = Given.Fleet(spec) with { Memory = Given.Memory(0) };
        Assert.Equal(0, FleetPlanner.Plan(idle, Given.Now).Desired);

        var waiting = idle with { Demand = new RoomDemand { PendingRooms = [5] } };
        var decision = FleetPlanner.Plan(waiting, Given.Now);

        Assert.Equal(1, decision.Desired);
        Assert.Equal(InstanceActionKind.Create, Assert.Single(decision.Actions).Kind);
    }

    [Fact]
    public void Rooms_that_fit_no_pod_get_a_new_one_although_the_sum_would_fit()
    {
        // Three pods of 50 with 20 free places each: 60 in sum, and none for a room of 30.
        var pods = Enumerable.Range(0, 3).Select(i => Given.Pod($"p{i}", 30, 1)).ToArray();
        var observed = Given.Fleet(Given.Spec(), pods) with { Demand = new RoomDemand { PendingRooms = [30] } };

        Assert.Equal(4, FleetPlanner.Plan(observed, Given.Now).Desired);
    }

    [Fact]
    public void A_room_that_waited_for_a_pod_takes_it_when_it_is_ready_and_no_other()
    {
        var spec = Given.Spec(min: 2);
        var waiting = new RoomDemand { PendingRooms = [30] };

        Assert.Equal(2, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a"), Given.Pod("b")) with { Demand = waiting }, Given.Now).Desired);
        Assert.Equal(2, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 30, 1), Given.Pod("b")) with { Demand = waiting }, Given.Now).Desired);
        Assert.Equal(3, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 30, 1), Given.Pod("b", 30, 1)) with { Demand = waiting }, Given.Now).Desired);
        var justReady = Given.Pod("b") with { ReadySince = Given.Now - TimeSpan.FromSeconds(1), Load = null, AssignedRooms = 1 };
        Assert.Equal(2, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 30, 1), justReady) with { Demand = waiting }, Given.Now).Desired);
        Assert.Equal(3, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 30, 1), justReady) with { Demand = waiting }, Given.Now.AddSeconds(2.5)).Desired);
        var promised = Given.Pod("b") with { AssignedRooms = 1 };
        Assert.Equal(3, FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a", 30, 1), promised) with { Demand = waiting }, Given.Now).Desired);
    }

    [Fact]
    public void Rising_load_waits_for_its_window_when_there_is_one()
    {
        var spec = Given.Spec() with { Scaling = new ScalingPolicy { Up = new ScalingBehavior { Stabilization = TimeSpan.FromSeconds(30) } } };
        var memory = FleetPlanner.Plan(Given.Fleet(spec, Given.Pod("a")), Given.Now).Memory;
        for (var second = 1; second < 30; second++)
        {
            var decision = FleetPlanner.Plan(Busy(spec, second, memory), Given.Now.AddSeconds(second));
            Assert.Equal(1, decision.Desired);
            memory = decision.Memory;
        }

        Assert.Equal(3, FleetPlanner.Plan(Busy(spec, 31, memory), Given.Now.AddSeconds(31)).Desired);
    }

    [Fact]
    public void Growth_goes_in_steps_when_they_are_bounded()
    {
        var up = new ScalingBehavior { MaxStep = PodAmount.Percent(100), StepInterval = TimeSpan.FromSeconds(10) };
        var spec = Given.Spec() with { Scaling = new ScalingPolicy { Up = up } };
        ScalingMemory? memory = null;
        var sizes = new List<int>();
        for (var second = 0; second <= 40; second += 10)
        {
            var observed = Given.Fleet(spec, Given.Pod("a", 1_000, 5)) with { Memory = memory };
            var decision = FleetPlanner.Plan(observed, Given.Now.AddSeconds(second));
            memory = decision.Memory;
            sizes.Add(decision.Desired);
        }

        Assert.Equal([2, 4, 8, 10, 10], sizes);
    }

    private static FleetObservation Idle(FleetSpec spec, DateTimeOffset now, ScalingMemory? memory)
    {
        var pods = Enumerable.Range(0, 5).Select(i => Given.Pod($"p{i}") with { LastHeartbeat = now }).ToArray();
        return Given.Fleet(spec, pods) with { Memory = memory };
    }

    private static FleetObservation Busy(FleetSpec spec, int second, ScalingMemory memory) =>
        Given.Fleet(spec, Given.Pod("a", 100, 2) with { LastHeartbeat = Given.Now.AddSeconds(second) }) with { Memory = memory };
}
