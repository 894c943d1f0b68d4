using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>
/// Limits the rate by loss: under 2 % it may grow, over 10 % it falls, between it stays (draft-ietf-rmcat-gcc-02 section 6).
/// Loss that does not go away at a much lower rate is the path's own (radio) and not a sign of congestion; it is set aside.
/// </summary>
internal sealed class LossController
{
    private const double LowLoss = 0.02;
    private const double HighLoss = 0.10;
    private const double GrowthPerSecond = 1.08;
    private const double MaxInherentLoss = 0.2;

    /// <summary>Above this, congestive loss too stays high when the rate falls by a quarter.</summary>
    private const double MaxJudgedLoss = 0.3;
    private const int MinPackets = 20;
    private const int Memory = 8;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DecreaseInterval = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan LongAgo = TimeSpan.FromHours(1);

    private readonly DataRate _min;
    private readonly DataRate _max;
    private readonly (double Loss, double Rate)[] _past = new (double, double)[Memory];
    private int _pastCount;
    private double _inherent;
    private int _received;
    private int _lost;
    private int _windowReceived;
    private int _windowLost;
    private Instant _windowStart;
    private Instant _lastUpdate;
    private Instant _lastDecrease;

    public LossController(DataRate min, DataRate max, Instant now)
    {
        _min = min;
        _max = max;
        Limit = max;
        _windowStart = _lastUpdate = now;
        _lastDecrease = now - LongAgo;
    }

    /// <summary>The most that loss allows.</summary>
    public DataRate Limit { get; private set; }

    /// <summary>Fraction lost, lately.</summary>
    public double Loss { get; private set; }

    public void OnReceived() => _received++;

    public void OnLost() => _lost++;

    /// <summary>A packet counted as lost has arrived late.</summary>
    public void OnRecovered() => _lost--;

    /// <summary>Call after each feedback, with the rate in force.</summary>
    public void Update(DataRate current, TimeSpan roundTrip, Instant now)
    {
        int lost = Math.Max(_lost, 0);
        if (_received + lost < MinPackets)
        {
            return;
        }

        double sample = lost / (double)(_received + lost);
        Loss = 0.5 * Loss + 0.5 * sample;
        Remember(lost, current, now);
        _received = 0;
        _lost = 0;

        double seconds = Math.Min((now - _lastUpdate).TotalSeconds, 1);
        _lastUpdate = now;
        double congestive = Math.Max(0, Loss - InherentLoss());
        if (congestive > HighLoss)
        {
            if (now - _lastDecrease >= DecreaseInterval + roundTrip)
            {
                Limit = DataRate.Max(_min, DataRate.Min(Limit, current) * (1 - 0.5 * congestive));
                _lastDecrease = now;
            }
        }
        else if (congestive < LowLoss && Limit < _max)
        {
            // Lifts above what the delay allows at once, so that this controller is out of the way when loss is gone.
            DataRate floor = DataRate.Max(Limit, current);
            Limit = DataRate.Min(_max, floor * Math.Pow(GrowthPerSecond, seconds) + DataRate.FromKilobits(seconds));
        }
    }

    /// <summary>A probe has shown that the path carries <paramref name="rate"/>.</summary>
    public void Raise(DataRate rate) => Limit = DataRate.Min(_max, DataRate.Max(Limit, rate));

    private void Remember(int lost, DataRate current, Instant now)
    {
        _windowLost += lost;
        _windowReceived += _received;
        if (now - _windowStart >= Window)
        {
            _past[_pastCount++ % Memory] = (_windowLost / (double)(_windowLost + _windowReceived), current.KilobitsPerSecond);
            _windowLost = 0;
            _windowReceived = 0;
            _windowStart = now;
        }
    }

    /// <summary>
    /// Loss that was there at the highest of the remembered rates and stayed when the rate fell far. Congestive loss falls
    /// faster than the rate. Kept while the rate is steady, lowered when less is seen.
    /// </summary>
    private double InherentLoss()
    {
        int count = Math.Min(_pastCount, Memory);
        if (count == 0)
        {
            return 0;
        }

        (double Loss, double Rate) lowest = _past[0];
        (double Loss, double Rate) highest = _past[0];
        double least = double.MaxValue;
        for (int i = 0; i < count; i++)
        {
            lowest = _past[i].Rate < lowest.Rate ? _past[i] : lowest;
            highest = _past[i].Rate > highest.Rate ? _past[i] : highest;
            least = Math.Min(least, _past[i].Loss);
        }

        bool stayed = lowest.Rate <= 0.75 * highest.Rate && highest.Loss <= MaxJudgedLoss && lowest.Loss >= 0.8 * highest.Loss;
        _inherent = stayed ? Math.Min(highest.Loss, MaxInherentLoss) : Math.Min(_inherent, least);
        return _inherent;
    }
}
