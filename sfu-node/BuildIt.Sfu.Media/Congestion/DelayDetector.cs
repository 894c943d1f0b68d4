namespace BuildIt.Sfu.Media.Congestion;

/// <summary>What the one-way delay says about the path.</summary>
internal enum PathUsage : byte
{
    Normal,

    /// <summary>Queues grow: more is sent than the path carries.</summary>
    Overuse,

    /// <summary>Queues drain.</summary>
    Underuse,
}

/// <summary>
/// Fits a line through the accumulated delay variation of the last groups and compares its slope with a threshold that
/// adapts to the path's own jitter, so that neither is a jittery path starved nor loses the flow against TCP
/// (draft-ietf-rmcat-gcc-02 sections 5.3 and 5.4; the filter is a trend line, as in G. Carlucci et al., MMSys 2016).
/// </summary>
internal sealed class DelayDetector
{
    private const int Window = 20;
    private const double Smoothing = 0.9;
    private const double Gain = 4.0;
    private const int MaxDeltas = 60;

    private const double InitialThreshold = 12.5;
    private const double MinThreshold = 6;
    private const double MaxThreshold = 600;
    private const double ThresholdUp = 0.0087;
    private const double ThresholdDown = 0.039;
    private const double OutlierMargin = 15;
    private const double MaxAdaptMilliseconds = 100;
    private const double OveruseMilliseconds = 10;

    private readonly double[] _times = new double[Window];
    private readonly double[] _delays = new double[Window];
    private int _samples;
    private int _deltas;
    private double _firstArrival;
    private double _accumulated;
    private double _smoothed;
    private double _previousTrend;
    private double _threshold = InitialThreshold;
    private double _lastAdapted = double.NaN;
    private double _overusing = -1;
    private int _overuses;

    public PathUsage Usage { get; private set; }

    public void Add(in GroupDelta delta)
    {
        if (_deltas == 0)
        {
            _firstArrival = delta.ArrivedAtMilliseconds;
        }

        _deltas = Math.Min(_deltas + 1, 1000);
        _accumulated += delta.ArrivalMilliseconds - delta.SendMilliseconds;
        _smoothed = Smoothing * _smoothed + (1 - Smoothing) * _accumulated;
        int slot = _samples++ % Window;
        _times[slot] = delta.ArrivedAtMilliseconds - _firstArrival;
        _delays[slot] = _smoothed;
        double trend = _samples >= Window ? Slope() : _previousTrend;
        Detect(trend, delta);
    }

    private void Detect(double trend, in GroupDelta delta)
    {
        double scaled = Math.Min(_deltas, MaxDeltas) * trend * Gain;
        if (scaled > _threshold)
        {
            // Half a group's time for the first, so that a single late group is not yet overuse.
            _overusing = _overusing < 0 ? delta.SendMilliseconds / 2 : _overusing + delta.SendMilliseconds;
            _overuses++;
            if (_overusing > OveruseMilliseconds && _overuses > 1 && trend >= _previousTrend)
            {
                _overusing = 0;
                _overuses = 0;
                Usage = PathUsage.Overuse;
            }
        }
        else
        {
            _overusing = -1;
            _overuses = 0;
            Usage = scaled < -_threshold ? PathUsage.Underuse : PathUsage.Normal;
        }

        _previousTrend = trend;
        AdaptThreshold(Math.Abs(scaled), delta.ArrivedAtMilliseconds);
    }

    private void AdaptThreshold(double scaled, double now)
    {
        if (double.IsNaN(_lastAdapted))
        {
            _lastAdapted = now;
        }

        // A sudden jump (a handover, a lost second) must not lift the threshold for the minutes after.
        if (scaled <= _threshold + OutlierMargin)
        {
            double rate = scaled < _threshold ? ThresholdDown : ThresholdUp;
            double elapsed = Math.Clamp(now - _lastAdapted, 0, MaxAdaptMilliseconds);
            _threshold = Math.Clamp(_threshold + rate * (scaled - _threshold) * elapsed, MinThreshold, MaxThreshold);
        }

        _lastAdapted = now;
    }

    /// <summary>Least-squares slope of smoothed delay over arrival time, in milliseconds a millisecond.</summary>
    private double Slope()
    {
        double meanTime = 0;
        double meanDelay = 0;
        for (int i = 0; i < Window; i++)
        {
            meanTime += _times[i];
            meanDelay += _delays[i];
        }

        meanTime /= Window;
        meanDelay /= Window;
        double numerator = 0;
        double denominator = 0;
        for (int i = 0; i < Window; i++)
        {
            double time = _times[i] - meanTime;
            numerator += time * (_delays[i] - meanDelay);
            denominator += time * time;
        }

        return denominator == 0 ? _previousTrend : numerator / denominator;
    }
}
