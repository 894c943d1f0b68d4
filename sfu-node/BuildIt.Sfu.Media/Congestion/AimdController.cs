using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>
/// Additive increase near the capacity known from the last congestion, multiplicative increase away from it, and
/// multiplicative decrease on overuse (draft-ietf-rmcat-gcc-02 section 5.5).
/// </summary>
internal sealed class AimdController
{
    private const double Decrease = 0.85;

    /// <summary>
    /// The most that one decrease takes while little is sent: then what arrives is what was sent, and says how much the path
    /// carries at least, not at most.
    /// </summary>
    private const double IdleDecrease = 0.6;
    private const double IncreasePerSecond = 1.08;
    private const double PacketBytes = 1200;

    /// <summary>How far the rate may grow above a path's capacity as a probe found it: probes err to the low side.</summary>
    private const double AboveProbed = 1.1;
    private static readonly TimeSpan ResponseDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MinDecreaseInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxDecreaseInterval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan MaxStep = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan LongAgo = TimeSpan.FromHours(1);

    private readonly DataRate _min;
    private readonly DataRate _max;
    private DataRate _probed = DataRate.Infinite;
    private double _capacityMean = -1;
    private double _capacityVariance = 0.4;
    private Instant _lastChange;
    private Instant _lastDecrease;
    private bool _hold = true;

    public AimdController(DataRate start, DataRate min, DataRate max, Instant now)
    {
        Rate = start;
        _min = min;
        _max = max;
        _lastChange = now;
        _lastDecrease = now - LongAgo;
    }

    public DataRate Rate { get; private set; }

    /// <summary>Takes a rate measured by a probe.</summary>
    public void Set(DataRate rate, Instant now)
    {
        if (_capacityMean >= 0 && rate.KilobitsPerSecond > UpperCapacity)
        {
            _capacityMean = -1;
        }

        Rate = Clamp(rate);
        _lastChange = now;
    }

    /// <summary>
    /// Takes what a probe found the path to carry at most; infinite when it did not meet its end. Growth without more arriving stops a
    /// little above: a rate that nothing was sent at proves nothing.
    /// </summary>
    public void SetCapacity(DataRate probed) => _probed = probed;

    /// <param name="usage">What the delay says.</param>
    /// <param name="acknowledged">The rate that arrives, if known.</param>
    /// <param name="applicationLimited">Less is sent than allowed: a quiet path proves no more than a little above what is sent.</param>
    /// <param name="roundTrip">Smoothed round trip.</param>
    /// <param name="now">Now.</param>
    public void Update(PathUsage usage, DataRate? acknowledged, bool applicationLimited, TimeSpan roundTrip, Instant now)
    {
        switch (usage)
        {
            case PathUsage.Overuse:
                OnOveruse(acknowledged, applicationLimited, roundTrip, now);
                _hold = true;
                break;

            case PathUsage.Underuse:
                // Queues that a too high rate filled are draining: wait for that to end.
                _hold = true;
                break;

            case PathUsage.Normal when _hold:
                _hold = false;
                _lastChange = now;
                return;

            case PathUsage.Normal:
                if (!applicationLimited || acknowledged is not null)
                {
                    Increase(acknowledged, applicationLimited, roundTrip, now);
                }

                break;
        }

        _lastChange = now;
    }

    private double UpperCapacity => _capacityMean + 3 * Math.Sqrt(_capacityVariance * _capacityMean);

    private double LowerCapacity => Math.Max(0, _capacityMean - 3 * Math.Sqrt(_capacityVariance * _capacityMean));

    private void OnOveruse(DataRate? acknowledged, bool applicationLimited, TimeSpan roundTrip, Instant now)
    {
        TimeSpan interval = roundTrip < MinDecreaseInterval ? MinDecreaseInterval
            : roundTrip > MaxDecreaseInterval ? MaxDecreaseInterval : roundTrip;
        DataRate arriving = acknowledged ?? Rate;
        if (now - _lastDecrease < interval && arriving >= Rate * 0.5)
        {
            return;
        }

        DataRate lowered = arriving * Decrease;
        if (applicationLimited)
        {
            lowered = DataRate.Max(lowered, Rate * IdleDecrease);
        }

        if (lowered < Rate)
        {
            Rate = Clamp(lowered);
        }

        if (acknowledged is { } measured)
        {
            LearnCapacity(measured.KilobitsPerSecond);
        }

        _lastDecrease = now;
    }

    private void Increase(DataRate? acknowledged, bool applicationLimited, TimeSpan roundTrip, Instant now)
    {
        TimeSpan elapsed = now - _lastChange;
        double seconds = (elapsed > MaxStep ? MaxStep : elapsed).TotalSeconds;
        if (acknowledged is { } measured && _capacityMean >= 0 && measured.KilobitsPerSecond > UpperCapacity)
        {
            // More arrives than the path was thought to carry: the capacity has changed.
            _capacityMean = -1;
        }

        DataRate grown = _capacityMean >= 0
            ? Rate + new DataRate((long)(Math.Max(PacketBytes * 8 / (roundTrip + ResponseDelay).TotalSeconds, 4000) * seconds))
            : Rate + DataRate.Max(Rate * (Math.Pow(IncreasePerSecond, seconds) - 1), new DataRate((long)(1000 * seconds)));

        // Never far above what is known to get through.
        if (acknowledged is { } arriving)
        {
            DataRate limit = arriving * 1.5 + DataRate.FromKilobits(10);
            if (applicationLimited)
            {
                limit = DataRate.Min(limit, DataRate.Max(_probed, arriving) * AboveProbed);
            }

            if (grown > limit)
            {
                grown = DataRate.Max(Rate, limit);
            }
        }

        Rate = Clamp(grown);
    }

    private void LearnCapacity(double kilobits)
    {
        if (_capacityMean >= 0 && kilobits < LowerCapacity)
        {
            // Far below the last: another path now. Its capacity is this measurement, not an average with the old one.
            _capacityMean = -1;
        }

        if (_capacityMean < 0)
        {
            _capacityMean = kilobits;
            return;
        }

        const double Weight = 0.05;
        double error = _capacityMean - kilobits;
        _capacityMean = (1 - Weight) * _capacityMean + Weight * kilobits;
        double normalised = error * error / Math.Max(_capacityMean, 1);
        _capacityVariance = Math.Clamp((1 - Weight) * _capacityVariance + Weight * normalised, 0.4, 2.5);
    }

    private DataRate Clamp(DataRate rate) => DataRate.Min(DataRate.Max(rate, _min), _max);
}
