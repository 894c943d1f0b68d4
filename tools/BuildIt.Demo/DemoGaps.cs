using System.Diagnostics;
using System.Globalization;
using BuildIt.Testing.Conferences.Rooms;

namespace BuildIt.Demo;

/// <summary>
/// How long media stayed away while something was broken, by regions: the longest time in which nothing came of anybody's picture or
/// sound. It begins when everybody sees and hears everybody, and ends when they do again.
/// </summary>
internal sealed class DemoGaps : IAsyncDisposable
{
    /// <summary>So long everything must have flowed to be well.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromSeconds(2);

    /// <summary>Nothing has come for so long where something stopped. Busy browsers stumble for less.</summary>
    private static readonly TimeSpan Stopped = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly MediaGaps _gaps;
    private readonly Dictionary<string, string> _regions;

    private DemoGaps(MediaGaps gaps, Dictionary<string, string> regions)
    {
        _gaps = gaps;
        _regions = regions;
    }

    /// <summary>Waits until all is well, and watches from then on.</summary>
    /// <param name="attendees">Everybody in the call; nobody else may ask them before it has ended.</param>
    /// <param name="regions">The region of each, in the same order.</param>
    /// <exception cref="TimeoutException">Media does not flow between all of them.</exception>
    public static async Task<DemoGaps> BeginAsync(IReadOnlyList<IAttendee> attendees, IReadOnlyList<string> regions)
    {
        var gaps = new DemoGaps(
            MediaGaps.Watch(attendees, Pause),
            attendees.Zip(regions).ToDictionary(each => each.First.Identity, each => each.Second, StringComparer.Ordinal));
        try
        {
            await gaps.CalmAsync(TimeSpan.FromSeconds(60));
        }
        catch
        {
            await gaps.DisposeAsync();
            throw;
        }

        gaps._gaps.Clear();
        return gaps;
    }

    /// <summary>Waits until something stops and all is well again.</summary>
    /// <returns>A line for each pair of regions: who got nothing, from whom, and for how many seconds at most.</returns>
    /// <exception cref="TimeoutException">Nothing stopped, or it did not come back.</exception>
    public async Task<string> EndAsync(TimeSpan patience)
    {
        await UntilAsync(() => Missing().Any(), patience, () => "nothing stopped");
        await CalmAsync(patience);
        return string.Concat(_gaps.Longest()
            .GroupBy(gap => (To: _regions[gap.To], From: _regions[gap.Flow.From]))
            .OrderBy(pair => pair.Key.To, StringComparer.Ordinal)
            .ThenBy(pair => pair.Key.From != pair.Key.To)
            .ThenBy(pair => pair.Key.From, StringComparer.Ordinal)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key.To} {pair.Key.From} {pair.Max(gap => gap.Length).TotalSeconds:F1}\n")));
    }

    public ValueTask DisposeAsync() => _gaps.DisposeAsync();

    private async Task CalmAsync(TimeSpan patience)
    {
        var since = Stopwatch.GetTimestamp();
        await UntilAsync(
            () =>
            {
                since = Missing().Any() ? Stopwatch.GetTimestamp() : since;
                return Stopwatch.GetElapsedTime(since) >= Calm;
            },
            patience,
            () => string.Join('\n', Missing()));
    }

    private IEnumerable<MediaGap> Missing() => _gaps.Still().Where(gap => gap.Length >= Stopped);

    private static async Task UntilAsync(Func<bool> condition, TimeSpan patience, Func<string> lacking)
    {
        var began = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(began) > patience)
            {
                throw new TimeoutException($"not within {patience.TotalSeconds:0} s: {lacking()}");
            }

            await Task.Delay(Pause);
        }
    }
}
