using BuildIt.Sfu.Node.Parts;

namespace BuildIt.Sfu.Node.Tests.Parts;

public sealed class PartPlannerTests
{
    private static readonly LoopLoad Idle = new(0.05, TimeSpan.Zero, 0);

    [Fact]
    public void A_room_stays_at_home_while_that_is_not_busy() =>
        Assert.Equal(new PartPlan(0), PartPlanner.Place([Busy(0.59), Idle], [Part(0, 500)]));

    [Fact]
    public void A_busy_home_has_a_part_opened_on_the_least_busy_loop_and_takes_the_newcomer_itself() =>
        Assert.Equal(new PartPlan(1, Opens: 3), PartPlanner.Place([Busy(0.3), Busy(0.7), Busy(0.2), Busy(0.1)], [Part(1, 40)]));

    [Theory]
    [InlineData(0.60, 3, 0.35, 12, true)]
    [InlineData(0.59, 3, 0.00, 12, false)]
    [InlineData(0.60, 2, 0.00, 12, false)]
    [InlineData(0.60, 3, 0.36, 12, false)]
    [InlineData(0.60, 3, 0.00, 11, false)]
    public void A_part_is_opened_for_a_room_of_some_size_whose_home_has_been_busy_for_some_time_where_another_loop_is_clearly_less_so(
        double home, int seconds, double other, int people, bool opens) =>
        Assert.Equal(
            opens ? 1 : null,
            PartPlanner.Place([new LoopLoad(home, TimeSpan.FromSeconds(seconds), 0), Busy(other)], [Part(0, people)]).Opens);

    [Fact]
    public void One_part_is_opened_at_a_time() =>
        Assert.Equal(new PartPlan(0), PartPlanner.Place([Busy(0.9), Idle, Idle], [Part(0, 40), new PartLoad(1, 0, IsReady: false)]));

    [Fact]
    public void Another_is_opened_once_those_that_there_are_have_no_room_left() =>
        Assert.Equal(new PartPlan(1, Opens: 2), PartPlanner.Place([Busy(0.9), Busy(0.65), Idle], [Part(0, 40), Part(1, 40)]));

    [Fact]
    public void A_part_that_has_room_is_used_first() =>
        Assert.Equal(new PartPlan(1), PartPlanner.Place([Busy(0.9), Busy(0.5), Idle], [Part(0, 40), Part(1, 40)]));

    [Fact]
    public void A_part_takes_newcomers_until_its_home_has_calmed_down()
    {
        Assert.Equal(1, PartPlanner.Place([Busy(0.55), Idle], [Part(0, 20), Part(1, 5)]).Loop);
        Assert.Equal(0, PartPlanner.Place([Busy(0.49), Idle], [Part(0, 20), Part(1, 5)]).Loop);
    }

    [Fact]
    public void A_part_that_is_about_as_busy_as_its_home_takes_nobody() =>
        Assert.Equal(0, PartPlanner.Place([Busy(0.7), Busy(0.65), Busy(0.65)], [Part(0, 20), Part(1, 5)]).Loop);

    [Fact]
    public void A_part_that_is_not_ready_takes_nobody() =>
        Assert.Equal(0, PartPlanner.Place([Busy(0.9), Idle], [Part(0, 20), new PartLoad(1, 0, IsReady: false)]).Loop);

    [Fact]
    public void Of_parts_on_equal_loops_the_smaller_takes_the_newcomer() =>
        Assert.Equal(2, PartPlanner.Place([Busy(0.9), Busy(0.1), Busy(0.1)], [Part(0, 20), Part(1, 9), Part(2, 8)]).Loop);

    [Fact]
    public void A_crowd_that_comes_between_two_measurements_is_divided()
    {
        LoopLoad[] loops = [Busy(0.7), Busy(0.2), Busy(0.1)];
        int[] came = [0, 0, 0];
        for (var i = 0; i < 100; i++)
        {
            var loop = PartPlanner.Place(loops, [Part(0, 20), Part(1, 0), Part(2, 0)]).Loop;
            came[loop]++;
            loops[loop] = loops[loop] with { Arrivals = loops[loop].Arrivals + 1 };
        }

        // All end up as busy, but for the margin by which parts are to be less so than their home.
        Assert.Equal([3, 44, 53], came);
    }

    [Fact]
    public void Nobody_goes_to_and_fro_over_an_hour_of_changing_load()
    {
        // The home's load swings about the bound by which a part is opened; parts are opened and closed as the keeper does.
        var random = new Random(7);
        var (opened, closed, people, empty) = (0, 0, new[] { 40, 0 }, TimeSpan.Zero);
        bool isOpen = false;
        var meter = new LoopMeter(2);
        var worked = new TimeSpan[2];
        for (var second = 0; second < 3600; second++)
        {
            worked[0] += TimeSpan.FromSeconds(0.55 + random.NextDouble() * 0.1);
            worked[1] += TimeSpan.FromSeconds(0.1);
            meter.Sample(worked, TimeSpan.FromSeconds(1));
            var plan = PartPlanner.Place([meter.Of(0), meter.Of(1)], isOpen ? [Part(0, people[0]), Part(1, people[1])] : [Part(0, people[0])]);
            people[plan.Loop]++;
            if (plan.Opens is not null)
            {
                opened++;
                isOpen = true;
            }

            // Somebody leaves for each that comes.
            people[people[1] > 0 && random.Next(2) == 0 ? 1 : 0]--;
            empty = isOpen && people[1] == 0 ? empty + TimeSpan.FromSeconds(1) : TimeSpan.Zero;
            if (PartPlanner.Closes(empty))
            {
                closed++;
                isOpen = false;
                empty = TimeSpan.Zero;
            }
        }

        Assert.Equal((1, 0), (opened, closed));
    }

    [Fact]
    public void A_part_is_closed_when_nobody_has_been_in_it_for_half_a_minute()
    {
        Assert.False(PartPlanner.Closes(TimeSpan.FromSeconds(29)));
        Assert.True(PartPlanner.Closes(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void A_loop_is_as_busy_as_it_uses_a_core()
    {
        var meter = new LoopMeter(2);
        meter.Sample([TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20)], TimeSpan.FromSeconds(1));
        Assert.Equal(0, meter.Of(0).Busy);
        meter.Sample([TimeSpan.FromSeconds(10.75), TimeSpan.FromSeconds(20)], TimeSpan.FromSeconds(1));
        Assert.Equal((0.75, TimeSpan.FromSeconds(1)), (meter.Of(0).Busy, meter.Of(0).BusyFor));
        Assert.Equal((0.0, TimeSpan.Zero), (meter.Of(1).Busy, meter.Of(1).BusyFor));
        meter.Sample([TimeSpan.FromSeconds(12.25), TimeSpan.FromSeconds(22)], TimeSpan.FromSeconds(2));
        Assert.Equal((0.75, TimeSpan.FromSeconds(3)), (meter.Of(0).Busy, meter.Of(0).BusyFor));
        Assert.Equal((1.0, TimeSpan.FromSeconds(2)), (meter.Of(1).Busy, meter.Of(1).BusyFor));
        meter.Sample([TimeSpan.FromSeconds(12.25), TimeSpan.FromSeconds(22)], TimeSpan.FromSeconds(1));
        Assert.Equal((0.0, TimeSpan.Zero), (meter.Of(0).Busy, meter.Of(0).BusyFor));
    }

    /// <summary>A loop that has been as busy as that for a while.</summary>
    private static LoopLoad Busy(double share) => new(share, share >= PartPlanner.OpenAbove ? TimeSpan.FromMinutes(1) : TimeSpan.Zero, 0);

    private static PartLoad Part(int loop, int people) => new(loop, people, IsReady: true);
}
