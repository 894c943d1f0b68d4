using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Tests.Model;

public sealed class ScheduleWindowTests
{
    [Theory]
    [InlineData(-60, 60, 5, 5)]
    [InlineData(0, 60, 5, 5)]
    [InlineData(-60, 0, 5, 1)]
    [InlineData(1, 60, 5, 1)]
    [InlineData(-60, 60, 99, 10)]
    [InlineData(-60, 60, 0, 1)]
    public void A_minimum_holds_within_its_window(int startIn, int endIn, int min, int expected)
    {
        var window = new ScheduleWindow("day", min, Given.Now.AddMinutes(startIn), Given.Now.AddMinutes(endIn));
        var observed = Given.Fleet(Given.Spec(), Given.Pod("a")) with { Schedules = [window] };

        Assert.Equal(expected, FleetPlanner.Plan(observed, Given.Now).Desired);
    }

    [Fact]
    public void The_last_to_begin_is_in_force()
    {
        ScheduleWindow[] windows =
        [
            new("day", 8, Given.Now.AddHours(-4)),
            new("evening", 3, Given.Now.AddHours(-1)),
            new("night", 6, Given.Now.AddHours(2)),
        ];
        var decision = FleetPlanner.Plan(Given.Fleet(Given.Spec(), Given.Pod("a")) with { Schedules = windows }, Given.Now);

        Assert.Equal(3, decision.Desired);
        Assert.Contains("evening", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_next_change_is_a_deadline()
    {
        var begins = Given.Now.AddSeconds(3);
        var observed = Given.Fleet(Given.Spec(), Given.Pod("a")) with { Schedules = [new("soon", 4, begins)] };

        Assert.Equal(begins, FleetPlanner.Plan(observed, Given.Now).NextDeadline);
    }
}
