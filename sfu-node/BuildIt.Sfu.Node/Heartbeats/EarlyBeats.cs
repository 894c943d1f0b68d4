using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Node.Heartbeats;

/// <summary>
/// When a heartbeat goes out before its time. What breaks is noticed by one room after another, so there is a pause between two; and what
/// breaks time and again is left to the regular ones, so that a fleet on a bad network costs its registry little more than any other. Pure.
/// </summary>
internal sealed class EarlyBeats
{
    /// <summary>The least time between two heartbeats: that between two signs of life on a link.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>How many may follow each other before there is one every <see cref="Refill"/> only.</summary>
    public const int Burst = 3;

    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(2);

    private TokenBucket _allowed = new(1 / Refill.TotalSeconds, Burst);
    private Instant _next = Instant.Zero;

    /// <summary>When one is due; <see cref="Instant.Never"/> while the next regular one will do.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>There is something to tell.</summary>
    public void OnNews(Instant now)
    {
        if (NextDeadline == Instant.Never && _allowed.TryTake(1, now))
        {
            NextDeadline = Instant.Max(now, _next);
        }
    }

    /// <summary>A heartbeat goes out, and tells all there is.</summary>
    public void OnBeat(Instant now) => (_next, NextDeadline) = (now + Pause, Instant.Never);
}
