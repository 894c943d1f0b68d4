using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Links;

/// <summary>
/// Measures the path of a link by small messages that are answered and may be lost: how long they take there and back, how much that
/// varies, and how many come back. Pure; used on one loop.
/// </summary>
internal sealed class LinkProbe
{
    /// <summary>As many as say something of the last seconds.</summary>
    private const int Window = 32;

    /// <summary>What has not come back by then is lost.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly (uint Number, Instant SentAt, bool Answered)[] _sent = new (uint, Instant, bool)[Window];
    private readonly TimeSpan _interval;
    private uint _number;
    private TimeSpan? _last;

    public LinkProbe(TimeSpan interval) => _interval = interval;

    /// <summary>When the next is due.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Zero;

    /// <summary>Smoothed (RFC 6298 section 2); null until one came back.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    /// <summary>Variation, smoothed as jitter is (RFC 3550 section 6.4.1); null until two came back.</summary>
    public TimeSpan? Jitter { get; private set; }

    /// <summary>When the last one came back.</summary>
    public Instant? HeardAt { get; private set; }

    /// <summary>The number of the next probe, when it is due.</summary>
    public bool TryTake(Instant now, out uint number)
    {
        number = _number + 1;
        if (now < NextDeadline)
        {
            return false;
        }

        _sent[++_number % Window] = (_number, now, false);
        NextDeadline = now + _interval;
        return true;
    }

    /// <summary>The other end answered.</summary>
    public void OnAnswer(uint number, Instant now)
    {
        ref var probe = ref _sent[number % Window];
        if (number == 0 || probe.Number != number || probe.Answered)
        {
            return;
        }

        probe.Answered = true;
        HeardAt = now;
        var took = now - probe.SentAt;
        RoundTrip = RoundTrip is { } smoothed ? smoothed + (took - smoothed) / 8 : took;
        if (_last is { } last)
        {
            var variation = (took - last).Duration();
            Jitter = Jitter is { } known ? known + (variation - known) / 16 : variation;
        }

        _last = took;
    }

    /// <summary>Share of the last probes that did not come back, 0 to 1; null until any could have.</summary>
    public double? Loss(Instant now)
    {
        var (due, lost) = (0, 0);
        foreach (var (number, sentAt, answered) in _sent)
        {
            if (number > 0 && (answered || now - sentAt > Patience))
            {
                due++;
                lost += answered ? 0 : 1;
            }
        }

        return due == 0 ? null : (double)lost / due;
    }
}
