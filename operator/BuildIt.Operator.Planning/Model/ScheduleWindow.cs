namespace BuildIt.Operator.Planning.Model;

/// <summary>
/// A minimum that holds from <see cref="Start"/> until <see cref="End"/>: one firing of a schedule's cron line, worked out in
/// its time zone by the caller. A null end means until another schedule fires.
/// </summary>
public sealed record ScheduleWindow(string Name, int Min, DateTimeOffset Start, DateTimeOffset? End = null)
{
    /// <summary>The window in force: of those that cover <paramref name="now"/> the last to begin; of equals, the higher minimum.</summary>
    internal static ScheduleWindow? InForce(IReadOnlyList<ScheduleWindow> windows, DateTimeOffset now, Deadlines deadlines)
    {
        ScheduleWindow? inForce = null;
        foreach (var window in windows)
        {
            deadlines.Add(window.Start);
            if (window.End is { } end)
            {
                deadlines.Add(end);
            }

            if (window.Start > now || window.End <= now)
            {
                continue;
            }

            if (inForce is null || window.Start > inForce.Start || (window.Start == inForce.Start && window.Min > inForce.Min))
            {
                inForce = window;
            }
        }

        return inForce;
    }
}
