using System.Globalization;
using BuildIt.Operator.Api;

namespace BuildIt.Operator.Clusters;

/// <summary>
/// Adds up how long pods run. Each account goes on from the one that was written last, whoever wrote it: what passes while no operator runs
/// counts with the pods there were before. Pure.
/// </summary>
internal static class PodTime
{
    /// <summary>Days that are kept.</summary>
    public const int Days = 35;

    /// <summary>
    /// An account is written at least so often while pods run. In between whoever reads it goes on from it with the number of pods, which
    /// is written whenever it changes.
    /// </summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(15);

    /// <summary>The account until now.</summary>
    /// <param name="before">The one written last; null for a fleet that has none.</param>
    /// <param name="pods">Pods that run now.</param>
    /// <param name="now">The time.</param>
    public static FleetUsage Advance(FleetUsage? before, int pods, DateTimeOffset now)
    {
        var until = new DateTime(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
        if (before is null)
        {
            return new FleetUsage { AsOf = until, Pods = pods };
        }

        var days = before.Days.ToDictionary(day => day.Day, day => day.PodSeconds, StringComparer.Ordinal);
        for (var from = before.AsOf.ToUniversalTime(); from < until;)
        {
            var to = from.Date.AddDays(1) < until ? from.Date.AddDays(1) : until;
            var day = from.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

            // Pods that came and went in between count as they are now, or were: half of the difference is an interval at most.
            days[day] = days.GetValueOrDefault(day) + ((to - from).TotalSeconds * before.Pods);
            from = to;
        }

        return new FleetUsage
        {
            // A clock that went back counts nothing twice.
            AsOf = until > before.AsOf ? until : before.AsOf,
            Pods = pods,
            Days = [.. days.Where(day => day.Value > 0).OrderBy(day => day.Key, StringComparer.Ordinal).TakeLast(Days).Select(day => new FleetDay { Day = day.Key, PodSeconds = Math.Round(day.Value, 3) })],
        };
    }

    /// <summary>Whether it is to be written although nothing else has changed: the number of pods has, or it is time.</summary>
    public static bool IsDue(FleetUsage? written, int pods, DateTimeOffset now) =>
        written is null || written.Pods != pods || (pods > 0 && now - written.AsOf.ToUniversalTime() >= Interval);
}
