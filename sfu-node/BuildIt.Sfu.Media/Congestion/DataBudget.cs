using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>What a subscriber's link says about the data messages sent beside its media.</summary>
/// <param name="Estimate">What the link carries in all; infinite when nothing is known of it.</param>
/// <param name="Base">What sound and the lowest layer of every visible video take: data must leave room for it.</param>
/// <param name="IsCongested">Queues grow, much is lost, or nothing is heard of the subscriber.</param>
/// <param name="IsMediaHeldBack">Some media is not sent for want of rate.</param>
/// <param name="RoundTrip">Time to the subscriber and back.</param>
public readonly record struct LinkSigns(DataRate Estimate, DataRate Base, bool IsCongested, bool IsMediaHeldBack, TimeSpan RoundTrip);

/// <summary>
/// What data messages may use of one subscriber's link beside its media. A share of the estimate is always theirs. More is found out
/// in small steps while nothing shows that the link is full, and given up at the first sign, before media has to give way: messages
/// say nothing about the link themselves, the feedback on media does. Without media there is nothing to protect, and no limit.
/// Pure; one per subscriber, called on its loop.
/// </summary>
public sealed class DataBudget
{
    /// <summary>Part of the estimate that data may use in any case.</summary>
    private const double Share = 0.2;

    /// <summary>Part of the estimate to begin with, before the first sign.</summary>
    private const double StartShare = 0.5;

    private const double Growth = 1.1;
    private const double GrowthNearFull = 1.01;

    /// <summary>From this part of the rate on at which the link was last full, growth is slow.</summary>
    private const double NearFull = 0.7;
    private const double Backoff = 0.5;

    /// <summary>A few words must get through at all times.</summary>
    private static readonly DataRate Least = DataRate.FromKilobits(24);
    private static readonly DataRate Most = DataRate.FromMegabits(100);
    private static readonly TimeSpan GrowthInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MinBackoffInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>After the link was full: time for its queues, and for media to return to what it wants.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(2);

    /// <summary>Without a packet of media for so long there is no media.</summary>
    private static readonly TimeSpan MediaIdle = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan UsageWindow = TimeSpan.FromMilliseconds(200);

    /// <summary>What may leave at once: time at the rate, within bounds.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(20);
    private const double MinBurstBytes = 3000;
    private const double MaxBurstBytes = 64 * 1024;

    private DataRate _base;
    private DataRate _estimate;
    private DataRate _ceiling = DataRate.Infinite;
    private DataRate _fullAt = DataRate.Infinite;
    private Instant _mediaAt;
    private Instant _windowStart;
    private long _windowBytes;
    private double _level = MinBurstBytes;
    private Instant _levelAt;
    private Instant _growAt;
    private Instant _backOffAt;
    private bool _wasRefused;

    /// <param name="estimate">What the link is taken to carry at first.</param>
    /// <param name="now">Now.</param>
    public DataBudget(DataRate estimate, Instant now)
    {
        _estimate = estimate;
        _mediaAt = now - MediaIdle;
        _windowStart = _levelAt = _growAt = _backOffAt = now;
        Rate = DataRate.Infinite;
    }

    /// <summary>What data may use now; infinite while no media is sent and there is no ceiling.</summary>
    public DataRate Rate { get; private set => field = DataRate.Min(value, _ceiling); }

    /// <summary>Never more, media or not, but for a few words; infinite where only the path itself is a limit.</summary>
    public DataRate Ceiling
    {
        get => _ceiling;
        set
        {
            _ceiling = DataRate.Max(Least, value);
            Rate = Rate;
        }
    }

    /// <summary>What data has used lately.</summary>
    public DataRate Used { get; private set; }

    /// <summary>What data may use whatever happens.</summary>
    public DataRate Guaranteed =>
        DataRate.Max(Least, DataRate.Min(_estimate * Share, DataRate.Max(_estimate, _base) - _base));

    /// <summary>When <see cref="MaySend"/> will be true again, after it was false.</summary>
    public Instant NextSend
    {
        get
        {
            var missing = BurstBytes / 2 - _level;
            return missing <= 0 ? _levelAt : _levelAt + Rate.TimeFor(new DataSize((long)Math.Ceiling(missing)));
        }
    }

    /// <summary>A packet of media leaves.</summary>
    public void OnMedia(Instant now)
    {
        if (Rate == DataRate.Infinite && _estimate != DataRate.Infinite)
        {
            Rate = DataRate.Max(Guaranteed, _estimate * StartShare);
            _level = Math.Min(_level, BurstBytes);
            _levelAt = now;
        }

        _mediaAt = now;
    }

    /// <summary>Whether a packet of messages may leave.</summary>
    public bool MaySend(Instant now)
    {
        if (now - _mediaAt >= MediaIdle)
        {
            Rate = DataRate.Infinite;
            _fullAt = DataRate.Infinite;
        }

        if (Rate == DataRate.Infinite)
        {
            return true;
        }

        Refill(now);
        _wasRefused |= _level <= 0;
        return _level > 0;
    }

    /// <summary>A packet of messages leaves.</summary>
    /// <param name="bytes">Its size on the wire.</param>
    /// <param name="now">Now.</param>
    public void OnSent(int bytes, Instant now)
    {
        Measure(now);
        _windowBytes += bytes;
        if (Rate != DataRate.Infinite)
        {
            _level -= bytes;
        }
    }

    /// <summary>Takes what the link says. Call with each feedback of the subscriber, and when none comes.</summary>
    public void Update(in LinkSigns signs, Instant now)
    {
        (_estimate, _base) = (signs.Estimate, signs.Base);
        Measure(now);
        if (Rate == DataRate.Infinite)
        {
            return;
        }

        if (_estimate == DataRate.Infinite)
        {
            Rate = DataRate.Infinite;
            return;
        }

        Refill(now);
        if (signs.IsCongested)
        {
            BackOff(signs.RoundTrip, now);
        }
        else if (signs.IsMediaHeldBack)
        {
            Rate = Guaranteed;
        }
        else if (now >= _growAt)
        {
            _growAt = now + GrowthInterval;
            if (_wasRefused)
            {
                Rate = DataRate.Min(Most, Rate * (Rate < _fullAt * NearFull ? Growth : GrowthNearFull));
            }

            _wasRefused = false;
        }

        Rate = DataRate.Max(Rate, Guaranteed);
    }

    private double BurstBytes => Math.Clamp(Rate.Over(Burst).Bytes, MinBurstBytes, MaxBurstBytes);

    private void BackOff(TimeSpan roundTrip, Instant now)
    {
        _growAt = now + Recovery;
        _wasRefused = false;
        if (now < _backOffAt)
        {
            return;
        }

        // Lower again only when the effect of this can have been seen.
        _backOffAt = now + (roundTrip > MinBackoffInterval ? roundTrip : MinBackoffInterval);
        var used = DataRate.Min(Rate, DataRate.Max(Used, Guaranteed));
        _fullAt = used > Guaranteed ? used : _fullAt;
        Rate = DataRate.Max(Guaranteed, used * Backoff);
    }

    private void Refill(Instant now)
    {
        _level = Math.Min(BurstBytes, _level + Rate.BitsPerSecond / 8.0 * (now - _levelAt).TotalSeconds);
        _levelAt = now;
    }

    private void Measure(Instant now)
    {
        var elapsed = now - _windowStart;
        if (elapsed >= UsageWindow)
        {
            Used = new DataSize(_windowBytes).Per(elapsed);
            _windowBytes = 0;
            _windowStart = now;
        }
    }
}
