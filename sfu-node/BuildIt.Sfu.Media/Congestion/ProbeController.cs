using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>A short burst sent at a rate above the present one, to see whether it gets through.</summary>
/// <param name="Id">Tags the burst's packets.</param>
/// <param name="Rate">Rate to send at.</param>
/// <param name="Size">Bytes to send, media and padding together.</param>
public readonly record struct ProbeCluster(int Id, DataRate Rate, DataSize Size)
{
    /// <summary>The tag of a packet that belongs to no probe.</summary>
    public const int None = 0;

    /// <summary>The size from which a probe is many packets however large they are.</summary>
    public const int UsualBytes = 7 * 1200;

    /// <summary>How large its packets are to be where they are made for it: there must be enough of them to measure with.</summary>
    public int PacketBytes => Size.Bytes < UsualBytes ? 240 : 1200;

    public bool IsNone => Id == None;
}

/// <summary>
/// Decides when to probe and how high: at the start in steps upward; afterwards, while more is wanted than the estimate
/// allows, every few seconds, and upward in steps for as long as probes succeed. A sender of layers cannot find
/// capacity by sending a little more, as it has nothing a little larger to send.
/// </summary>
internal sealed class ProbeController
{
    private const double InitialFactor = 3;
    private const double ContinueFactor = 2;

    /// <summary>Looking for capacity that is probably not there: a small step, since its queue delays the media.</summary>
    private const double SearchFactor = 1.5;

    /// <summary>A probe that reached this part of its rate is worth going on from.</summary>
    private const double WorthContinuing = 0.7;

    /// <summary>A probe that reached less than this part of its rate met the end of the path's capacity.</summary>
    private const double Unhindered = 0.9;

    /// <summary>What counts as having found more than was known.</summary>
    private const double Progress = 1.1;

    /// <summary>Probing above what is wanted gains nothing; the margin lets the last step up be safe.</summary>
    private const double WantedMargin = 1.25;

    /// <summary>Ten small packets.</summary>
    private const int MinProbeBytes = 2400;
    private static readonly TimeSpan ProbeDuration = TimeSpan.FromMilliseconds(60);

    /// <summary>The longest that a probe may take on a slow path: sound waits behind it there.</summary>
    private static readonly TimeSpan MaxProbeDuration = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstAfterDrop = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MinInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(4);

    /// <summary>While a subscriber sees nothing of a track: finding out soon is worth more than the padding.</summary>
    private static readonly TimeSpan StarvedInterval = TimeSpan.FromMilliseconds(800);

    /// <summary>Between the first few tries, while nothing at all is known of the path.</summary>
    private static readonly TimeSpan InitialInterval = TimeSpan.FromMilliseconds(500);
    private const int InitialTries = 4;

    private static readonly TimeSpan ResultTimeout = TimeSpan.FromSeconds(1);

    private readonly DataRate _max;
    private int _lastId;
    private bool _hasSucceeded;
    private TimeSpan _interval = MinInterval;
    private Instant _nextAt;
    private Instant _resultDue = Instant.Never;
    private DataRate _lastRate;
    private ProbeCluster _pending;

    public ProbeController(DataRate max, Instant now)
    {
        _max = max;
        _nextAt = now;
    }

    /// <summary>What the subscriber would use if the path carried it; probing stops a little above.</summary>
    public DataRate Wanted { get; set; } = DataRate.Infinite;

    /// <summary>The estimate is held at or under this: what lies above is of no use.</summary>
    public DataRate Ceiling { get; set; } = DataRate.Infinite;

    /// <summary>Something wanted gets nothing at all: look for its share more often.</summary>
    public bool IsStarved { get; set; }

    public Instant NextDeadline => _resultDue == Instant.Never ? _nextAt : Instant.Min(_resultDue, _nextAt);

    public void OnTime(DataRate estimate, PathUsage usage, Instant now)
    {
        if (now >= _resultDue)
        {
            // Lost or never sent: nothing learnt.
            _resultDue = Instant.Never;
            BackOff(now);
        }

        if (now < _nextAt || _resultDue != Instant.Never)
        {
            return;
        }

        DataRate cap = Cap();
        if (usage != PathUsage.Normal || estimate >= cap)
        {
            _nextAt = now + TimeSpan.FromMilliseconds(500);
            return;
        }

        bool first = _lastId == 0;
        Begin(DataRate.Min(cap, estimate * (first ? InitialFactor : SearchFactor)), now);
    }

    /// <summary>The estimate fell. The first look for what came of it is soon: many drops are short.</summary>
    public void OnDrop(Instant now)
    {
        _interval = MinInterval;
        _nextAt = Instant.Max(now + (IsStarved ? StarvedInterval : FirstAfterDrop), _resultDue == Instant.Never ? now : _resultDue);
    }

    /// <summary>A cluster's result, with the estimate it was compared with.</summary>
    /// <returns>True when another probe follows at once, whose result says more.</returns>
    public bool OnResult(DataRate result, DataRate estimate, Instant now)
    {
        _resultDue = Instant.Never;
        if (result <= estimate * Progress)
        {
            BackOff(now);
            return false;
        }

        _hasSucceeded = true;
        _interval = MinInterval;
        _nextAt = now + MinInterval;
        DataRate cap = Cap();
        bool goesOn = result >= _lastRate * WorthContinuing && result < cap * 0.95;
        if (goesOn)
        {
            Begin(DataRate.Min(cap, result * ContinueFactor), now);
        }

        return goesOn;
    }

    /// <summary>Whether the last probe, which reached <paramref name="result"/>, met the end of the path's capacity.</summary>
    public bool FilledPath(DataRate result) => result < _lastRate * Unhindered;

    /// <summary>The next cluster to send, once.</summary>
    public bool TryTake(out ProbeCluster cluster)
    {
        cluster = _pending;
        _pending = default;
        return !cluster.IsNone;
    }

    private DataRate Cap() =>
        DataRate.Min(Ceiling, Wanted.BitsPerSecond >= _max.BitsPerSecond / 2 ? _max : DataRate.Min(_max, Wanted * WantedMargin));

    private void BackOff(Instant now)
    {
        if (!_hasSucceeded && _lastId < InitialTries)
        {
            _nextAt = now + InitialInterval;
            return;
        }

        _nextAt = now + (IsStarved ? StarvedInterval : _interval);
        _interval = _interval * 1.5 < MaxInterval ? _interval * 1.5 : MaxInterval;
    }

    private void Begin(DataRate rate, Instant now)
    {
        _lastId = _lastId == int.MaxValue ? 1 : _lastId + 1;
        _lastRate = rate;
        long bytes = Math.Max(rate.Over(ProbeDuration).Bytes, Math.Clamp(rate.Over(MaxProbeDuration).Bytes, MinProbeBytes, ProbeCluster.UsualBytes));
        _pending = new ProbeCluster(_lastId, rate, new DataSize(bytes));
        _resultDue = now + ResultTimeout;
        _nextAt = now + _interval;
    }
}
