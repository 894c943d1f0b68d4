using BuildIt.Operator.Api;
using BuildIt.Operator.Clusters;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class ScheduleWindowsTests
{
    [Theory]
    [InlineData("0 8 * * 1-5", "Europe/Lisbon", "2026-07-03T12:00:00Z", "2026-07-03T07:00:00Z", "2026-07-06T07:00:00Z")]
    [InlineData("0 8 * * 1-5", "Europe/Lisbon", "2026-01-02T12:00:00Z", "2026-01-02T08:00:00Z", "2026-01-05T08:00:00Z")]
    [InlineData("* * * * *", "UTC", "2026-01-02T12:00:30Z", "2026-01-02T12:00:00Z", "2026-01-02T12:01:00Z")]
    [InlineData("0 0 29 2 *", "UTC", "2026-01-02T12:00:00Z", "2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z")]

    // The hour that the clocks skip: the line fires when they have.
    [InlineData("30 2 * * *", "Europe/Berlin", "2026-03-29T06:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z")]
    public void The_last_and_the_next_firing_are_found_in_their_time_zone(string cron, string zone, string now, string last, string next)
    {
        var windows = ScheduleWindows.Of([new ScheduleSpec { Cron = cron, Timezone = zone, Min = 3 }], At(now));
        Assert.Equal([At(last), At(next)], windows.Select(w => w.Start.ToUniversalTime()));
        Assert.All(windows, w => Assert.Equal(3, w.Min));
    }

    [Fact]
    public void What_cannot_be_read_gives_nothing() => Assert.Empty(ScheduleWindows.Of(
        [new ScheduleSpec { Cron = "every day" }, new ScheduleSpec { Cron = "0 8 * * *", Timezone = "Mars/Olympus" }], At("2026-01-02T12:00:00Z")));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
