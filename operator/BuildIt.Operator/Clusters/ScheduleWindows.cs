using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Model;
using Cronos;

namespace BuildIt.Operator.Clusters;

/// <summary>Works out the cron lines of a fleet in their time zones. Pure.</summary>
internal static class ScheduleWindows
{
    // A line that fires at all fires within these: the rarest is 29 February.
    private static readonly TimeSpan[] Lookback =
        [TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(8), TimeSpan.FromDays(32), TimeSpan.FromDays(367), TimeSpan.FromDays(9 * 366)];

    /// <summary>For each schedule its last firing and its next. A line or zone that cannot be read gives nothing.</summary>
    public static IReadOnlyList<ScheduleWindow> Of(IReadOnlyList<ScheduleSpec> schedules, DateTimeOffset now)
    {
        var windows = new List<ScheduleWindow>(schedules.Count * 2);
        foreach (var schedule in schedules)
        {
            if (!CronExpression.TryParse(schedule.Cron, CronFormat.Standard, out var cron)
                || !TimeZoneInfo.TryFindSystemTimeZoneById(schedule.Timezone, out var zone))
            {
                continue;
            }

            var name = $"\"{schedule.Cron}\" {schedule.Timezone}";
            if (Last(cron, zone, now) is { } last)
            {
                windows.Add(new ScheduleWindow(name, schedule.Min, last));
            }

            if (cron.GetNextOccurrence(now, zone) is { } next)
            {
                windows.Add(new ScheduleWindow(name, schedule.Min, next));
            }
        }

        return windows;
    }

    private static DateTimeOffset? Last(CronExpression cron, TimeZoneInfo zone, DateTimeOffset now)
    {
        foreach (var back in Lookback)
        {
            DateTimeOffset? last = null;
            for (var at = cron.GetNextOccurrence(now - back, zone, inclusive: true); at <= now; at = cron.GetNextOccurrence(at.Value, zone))
            {
                last = at;
            }

            if (last is not null)
            {
                return last;
            }
        }

        return null;
    }
}
