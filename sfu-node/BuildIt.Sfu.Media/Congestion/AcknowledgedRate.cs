using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>
/// The rate that demonstrably arrives, from feedback: short windows, merged with the belief so far by how surprising
/// they are, so that one odd window moves it little and a real change soon prevails.
/// </summary>
internal sealed class AcknowledgedRate
{
    private const long FirstWindowMicroseconds = 500_000;
    private const long WindowMicroseconds = 150_000;

    /// <summary>Fewer bytes are a few frames: whether one more fell into the window would decide the rate.</summary>
    private const long MinWindowBytes = 6000;

    /// <summary>A window of few bytes ends after this all the same.</summary>
    private const long MaxWindowMicroseconds = 500_000;

    /// <summary>A pause in sending is no evidence about the path: a window with one says too little.</summary>
    private const long MaxGapMicroseconds = 150_000;

    private const double Surprise = 10;
    private const double Drift = 5;
    private const double SharpChange = 0.3;

    private long _windowStart = -1;
    private long _windowBytes;
    private long _lastArrival = -1;
    private long _longestGap;
    private double _estimate = -1;
    private double _variance = 50;
    private double _last;

    /// <summary>Null before enough has arrived to say.</summary>
    public DataRate? Rate => _estimate < 0 ? null : DataRate.FromKilobits(_estimate);

    /// <summary>
    /// The rate to fall back to on overuse. The last window alone when it is far from the merged value: then the path has
    /// just lost capacity, or a probe has just raised the rate, and the merged value still believes in what was before.
    /// </summary>
    public DataRate? Recent =>
        _estimate < 0 ? null
        : DataRate.FromKilobits(Math.Abs(_last - _estimate) > SharpChange * _estimate ? _last : _estimate);

    /// <summary>Takes packets in order of arrival; times are the receiver's, in microseconds.</summary>
    public void Add(long arrivedAt, int bytes)
    {
        if (_windowStart < 0 || arrivedAt < _lastArrival - FirstWindowMicroseconds)
        {
            Begin(arrivedAt);
            _lastArrival = arrivedAt;
        }

        _longestGap = Math.Max(_longestGap, arrivedAt - _lastArrival);
        _lastArrival = Math.Max(_lastArrival, arrivedAt);
        long elapsed = arrivedAt - _windowStart;
        if (IsComplete(elapsed))
        {
            if (_longestGap < MaxGapMicroseconds)
            {
                Update(_windowBytes * 8000.0 / elapsed);
            }

            Begin(arrivedAt);
        }

        _windowBytes += bytes;
    }

    private bool IsComplete(long elapsed) =>
        _estimate < 0 ? elapsed >= FirstWindowMicroseconds
        : elapsed >= WindowMicroseconds && (_windowBytes >= MinWindowBytes || elapsed >= MaxWindowMicroseconds);

    private void Begin(long at)
    {
        _windowStart = at;
        _windowBytes = 0;
        _longestGap = 0;
    }

    private void Update(double sample)
    {
        _last = sample;
        if (_estimate < 0)
        {
            _estimate = sample;
            return;
        }

        double uncertainty = Surprise * Math.Abs(_estimate - sample) / Math.Max(_estimate, 1);
        double sampleVariance = uncertainty * uncertainty;
        double predicted = _variance + Drift;
        _estimate = (sampleVariance * _estimate + predicted * sample) / (sampleVariance + predicted);
        _variance = sampleVariance * predicted / (sampleVariance + predicted);
    }
}
