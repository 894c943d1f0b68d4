using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>Measures a rate over the last second in ten steps. Costs an addition for each packet.</summary>
public struct RateMeter
{
    private const int Steps = 10;
    private const long StepMicroseconds = 100_000;

    private Buckets _buckets;
    private long _total;
    private long _step;
    private long _firstStep;
    private bool _started;

    public void Add(int bytes, Instant now)
    {
        Advance(now);
        _buckets[(int)(_step % Steps)] += bytes;
        _total += bytes;
    }

    /// <summary>The rate over the last second, or since the first packet when that is less.</summary>
    public DataRate RateAt(Instant now)
    {
        if (!_started)
            return DataRate.Zero;
        Advance(now);
        var steps = Math.Clamp(_step - _firstStep + 1, 1, Steps);
        return new DataSize(_total).Per(TimeSpan.FromMicroseconds(steps * StepMicroseconds));
    }

    private void Advance(Instant now)
    {
        var step = now.Microseconds / StepMicroseconds;
        if (!_started)
            (_started, _step, _firstStep) = (true, step, step);
        if (step - _step >= Steps)
        {
            _buckets = default;
            _total = 0;
            _step = step;
            return;
        }

        while (_step < step)
        {
            _step++;
            ref var bucket = ref _buckets[(int)(_step % Steps)];
            _total -= bucket;
            bucket = 0;
        }
    }

    [System.Runtime.CompilerServices.InlineArray(Steps)]
    private struct Buckets
    {
        private long _first;
    }
}
