using System.Globalization;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>
/// Watches in the background how long media stays away from anybody: of each kind, from everybody to everybody. Nobody else may ask the
/// attendees meanwhile.
/// </summary>
public sealed class MediaGaps : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Dictionary<(string To, Flow Flow), (double Amount, long At)> _last = [];
    private readonly CancellationTokenSource _end = new();
    private readonly IReadOnlyList<IAttendee> _attendees;
    private readonly Task _watching;
    private MediaGap _longest;

    private MediaGaps(IReadOnlyList<IAttendee> attendees)
    {
        _attendees = attendees;
        _watching = WatchAsync();
    }

    /// <summary>Begins to watch.</summary>
    /// <param name="attendees">Everybody in the room, with media flowing.</param>
    public static MediaGaps Watch(IReadOnlyList<IAttendee> attendees) => new(attendees);

    /// <summary>Ends it.</summary>
    /// <returns>The longest time in which nothing came of a flow, one that lasts still included.</returns>
    public async Task<MediaGap> EndAsync()
    {
        await _end.CancelAsync();
        await _watching;
        return _longest;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _end.Dispose();
    }

    private async Task WatchAsync()
    {
        while (true)
        {
            var progress = await Task.WhenAll(_attendees.Select(attendee => attendee.ProgressAsync()));
            var now = _time.GetTimestamp();
            for (var i = 0; i < progress.Length; i++)
            {
                Look(_attendees[i].Identity, progress[i], now);
            }

            if (_end.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(Pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Look(string to, IReadOnlyDictionary<Flow, double> progress, long now)
    {
        foreach (var other in _attendees.Where(other => other.Identity != to))
        {
            foreach (var kind in (string[])["video", "audio"])
            {
                var flow = new Flow(other.Identity, kind);
                var amount = progress.GetValueOrDefault(flow);
                var (before, at) = _last.TryGetValue((to, flow), out var last) ? last : (amount, now);
                if (_time.GetElapsedTime(at, now) is var length && length > _longest.Length)
                {
                    _longest = new MediaGap(to, flow, length);
                }

                _last[(to, flow)] = amount > before ? (amount, now) : (before, at);
            }
        }
    }
}

/// <summary>A time in which nothing came.</summary>
/// <param name="To">Identity of who got nothing.</param>
/// <param name="Flow">What did not come.</param>
/// <param name="Length">How long.</param>
public readonly record struct MediaGap(string To, Flow Flow, TimeSpan Length)
{
    /// <summary>To be read by people.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Flow.Kind} of {Flow.From} to {To}: nothing for {Length.TotalSeconds:F2} s");
}
