namespace BuildIt.Sfu.Media.Base;

/// <summary>Allows so many units per second on average, and a burst of so many at once.</summary>
public struct TokenBucket
{
    private readonly double _perSecond;
    private readonly double _burst;
    private double _level;
    private Instant _at;

    public TokenBucket(double perSecond, double burst)
    {
        (_perSecond, _burst, _level, _at) = (perSecond, burst, burst, Instant.Zero);
    }

    /// <summary>Takes <paramref name="amount"/> if there is so much; otherwise takes nothing.</summary>
    public bool TryTake(double amount, Instant now)
    {
        Refill(now);
        if (_level < amount)
        {
            return false;
        }

        _level -= amount;
        return true;
    }

    /// <summary>Takes <paramref name="amount"/> in any case and says how long to wait until the debt is paid.</summary>
    public TimeSpan Take(double amount, Instant now)
    {
        Refill(now);
        _level -= amount;
        return _level >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_level / _perSecond);
    }

    private void Refill(Instant now)
    {
        if (now > _at)
        {
            _level = Math.Min(_burst, _level + (now - _at).TotalSeconds * _perSecond);
            _at = now;
        }
    }
}
