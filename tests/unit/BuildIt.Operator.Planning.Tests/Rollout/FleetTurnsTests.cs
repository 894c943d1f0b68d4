using BuildIt.Operator.Planning.Rollout;

namespace BuildIt.Operator.Planning.Tests.Rollout;

public sealed class FleetTurnsTests
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_fleet_that_has_no_image_yet_or_this_one_waits_for_nobody()
    {
        Assert.True(Plan("new", Old("a"), new FleetTurn("new", 0, null, null)).MayTake);
        Assert.True(Plan("done", Old("a"), Done("done", 0)).MayTake);
        Assert.True(Plan("alone", Old("alone")).MayTake);
    }

    [Fact]
    public void The_first_is_the_one_with_the_lowest_order_and_of_equals_the_first_by_name()
    {
        FleetTurn[] fleets = [Old("b"), Old("a"), Old("z", -1)];
        Assert.Equal([false, false, true], fleets.Select(fleet => Plan(fleet.Fleet, fleets).MayTake));
        Assert.Equal("z is before it", Plan("a", fleets).Waits);
    }

    [Fact]
    public void The_next_waits_until_those_before_it_have_been_well_for_a_while()
    {
        Assert.Equal("a takes it first and is not done", Plan("b", new FleetTurn("a", 0, "new", null), Old("b")).Waits);
        var waits = Plan("b", Done("a", 59), Old("b"));
        Assert.Equal((false, Given.Now.AddSeconds(1)), (waits.MayTake, waits.NextAt));
        Assert.True(Plan("b", Done("a", 60), Old("b")).MayTake);
    }

    [Fact]
    public void One_goes_at_a_time_to_the_last()
    {
        var fleets = Enumerable.Range(0, 10).Select(i => Old($"fleet{i}")).ToList();
        for (var turn = 0; turn < fleets.Count; turn++)
        {
            var may = fleets.Where(fleet => fleet.Image == "old" && Plan(fleet.Fleet, [.. fleets]).MayTake).ToList();
            Assert.Equal($"fleet{turn}", Assert.Single(may).Fleet);
            fleets[turn] = new FleetTurn(fleets[turn].Fleet, 0, "new", null);
            Assert.DoesNotContain(fleets, fleet => fleet.Image == "old" && Plan(fleet.Fleet, [.. fleets]).MayTake);
            fleets[turn] = Done(fleets[turn].Fleet, 100);
        }
    }

    private static FleetTurn Old(string name, int order = 0) => new(name, order, "old", Given.Now.AddDays(-1));

    private static FleetTurn Done(string name, int secondsAgo) => new(name, 0, "new", Given.Now.AddSeconds(-secondsAgo));

    private static TurnDecision Plan(string fleet, params FleetTurn[] fleets) => FleetTurns.Plan(fleets, fleet, "new", Pause, Given.Now);
}
