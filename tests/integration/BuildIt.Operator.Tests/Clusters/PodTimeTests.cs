using BuildIt.Operator.Api;
using BuildIt.Operator.Clusters;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class PodTimeTests
{
    private static readonly DateTimeOffset Now = new(2027, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Time_counts_with_the_pods_there_were_and_goes_on_from_what_was_written()
    {
        var first = PodTime.Advance(null, 2, Now);
        var grown = PodTime.Advance(first, 3, Now.AddHours(1));

        // Nobody looked for an hour, as when no operator ran.
        var later = PodTime.Advance(grown, 0, Now.AddHours(2));
        Assert.Equal(5 * 3600, Assert.Single(later.Days).PodSeconds);
        Assert.Equal(5 * 3600, Assert.Single(PodTime.Advance(later, 0, Now.AddHours(9)).Days).PodSeconds);
    }

    [Fact]
    public void Days_are_counted_apart_and_old_ones_are_forgotten()
    {
        var usage = PodTime.Advance(PodTime.Advance(null, 1, Now), 1, Now.AddDays(2));
        Assert.Equal([("2027-01-01", 43_200.0), ("2027-01-02", 86_400.0), ("2027-01-03", 43_200.0)], usage.Days.Select(day => (day.Day, day.PodSeconds)));
        Assert.Equal(PodTime.Days, PodTime.Advance(usage, 1, Now.AddDays(100)).Days.Count);
    }

    [Fact]
    public void A_clock_that_went_back_counts_nothing_twice()
    {
        var usage = PodTime.Advance(PodTime.Advance(null, 1, Now), 1, Now.AddHours(1));
        Assert.Equal(usage with { Days = [] }, PodTime.Advance(usage, 1, Now) with { Days = [] });
        Assert.Equal(3_600, Assert.Single(PodTime.Advance(usage, 1, Now.AddMinutes(30)).Days).PodSeconds);
    }

    [Fact]
    public void It_is_written_when_the_number_of_pods_changes_and_seldom_otherwise()
    {
        var usage = PodTime.Advance(null, 2, Now);
        Assert.True(PodTime.IsDue(null, 0, Now));
        Assert.True(PodTime.IsDue(usage, 3, Now));
        Assert.False(PodTime.IsDue(usage, 2, Now.AddMinutes(14)));
        Assert.True(PodTime.IsDue(usage, 2, Now.AddMinutes(15)));
        Assert.False(PodTime.IsDue(usage with { Pods = 0 }, 0, Now.AddDays(1)));
    }
}
