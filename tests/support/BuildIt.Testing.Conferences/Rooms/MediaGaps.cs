using System.Globalization;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>
/// Watches in the background how long media stays away from anybody: of each kind, from everybody to everybody. Nobody else may ask the
/// attendees meanwhile. Any thread.
/// </summary>
public sealed class MediaGaps : IAsyncDisposable
{
    /// <summary>A flow goes on when what came last is not older.</summary>
    private static readonly TimeSpan Flowing = TimeSpan.FromMilliseconds(300);

    private readonly TimeProvider _time = TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly Dictionary<(string To, Flow Flow), Progress> _flows = [];
    private readonly CancellationTokenSource _end = new();
    private readonly IReadOnlyList<IAttendee> _attendees;
    private readonly TimeSpan _pause;
    private readonly Task _watching;

    private MediaGaps(IReadOnlyList<IAttendee> attendees, TimeSpan pause)
    {
        (_attendees, _pause) = (attendees, pause);
        var now = _time.GetTimestamp();
        foreach (var to in attendees)
        {
            foreach (var from in attendees.Where(other => other.Identity != to.Identity))
            {
                _flows[(to.Identity, new Flow(from.Identity, "video"))] = new Progress(now);
                _flows[(to.Identity, new Flow(from.Identity, "audio"))] = new Progress(now);
            }
        }

        _watching = WatchAsync();
    }

    /// <summary>The longest time that one look at everybody took: no gap is known better than that.</summary>
    public TimeSpan SlowestLook { get; private set; }

    /// <summary>Begins to watch.</summary>
    /// <param name="attendees">Everybody in the room.</param>
    /// <param name="pause">Time between two looks; a fifth of a second when left out.</param>
    public static MediaGaps Watch(IReadOnlyList<IAttendee> attendees, TimeSpan? pause = null) => new(attendees, pause ?? TimeSpan.FromMilliseconds(200));

    /// <summary>Forgets the gaps until now.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            foreach (var flow in _flows.Values)
            {
                (flow.Longest, flow.Changed) = (TimeSpan.Zero, now);
            }

            SlowestLook = TimeSpan.Zero;
        }
    }

    /// <summary>The longest gap of each flow, one that lasts still included.</summary>
    public IReadOnlyList<MediaGap> Longest()
    {
        lock (_lock)
        {
            return [.. _flows.Select(flow => new MediaGap(flow.Key.To, flow.Key.Flow, Longer(flow.Value.Longest, _time.GetElapsedTime(flow.Value.Changed))))];
        }
    }

    /// <summary>The flows in which nothing comes at present, each with how long.</summary>
    /// <exception cref="Exception">Looking has failed.</exception>
    public IReadOnlyList<MediaGap> Still()
    {
        if (_watching.IsFaulted)
        {
            _watching.GetAwaiter().GetResult();
        }

        lock (_lock)
        {
            return
            [
                .. _flows.Select(flow => (flow.Value, Gap: new MediaGap(flow.Key.To, flow.Key.Flow, _time.GetElapsedTime(flow.Value.Changed))))
                    .Where(flow => flow.Value.Amount == 0 || flow.Gap.Length > Flowing)
                    .Select(flow => flow.Gap),
            ];
        }
    }

    /// <summary>Ends it.</summary>
    /// <returns>The longest time in which nothing came of a flow, one that lasts still included.</returns>
    public async Task<MediaGap> EndAsync()
    {
        await _end.CancelAsync();
        await _watching;
        return Longest().MaxBy(gap => gap.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _end.Dispose();
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private async Task WatchAsync()
    {
        while (true)
        {
            var since = _time.GetTimestamp();
            var progress = await Task.WhenAll(_attendees.Select(attendee => attendee.ProgressAsync()));
            var now = _time.GetTimestamp();
            lock (_lock)
            {
                SlowestLook = Longer(SlowestLook, _time.GetElapsedTime(since, now));
                for (var i = 0; i < progress.Length; i++)
                {
                    Look(_attendees[i].Identity, progress[i], now);
                }
            }

            if (_end.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(_pause, _end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Look(string to, IReadOnlyDictionary<Flow, double> progress, long now)
    {
        foreach (var (flow, amount) in progress)
        {
            if (_flows.TryGetValue((to, flow), out var known) && amount > known.Amount)
            {
                known.Longest = Longer(known.Longest, _time.GetElapsedTime(known.Changed, now));
                (known.Amount, known.Changed) = (amount, now);
            }
        }
    }

    /// <param name="since">When it began to be watched.</param>
    private sealed class Progress(long since)
    {
        public double Amount { get; set; }

        /// <summary>When it was last seen to grow.</summary>
        public long Changed { get; set; } = since;

        public TimeSpan Longest { get; set; }
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
