using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Allows <paramref name="perSecond"/> units on average and <paramref name="burst"/> at once.</summary>
public struct TokenBucket(double perSecond, double burst)
{
    private double _level = burst;
    private Instant _at = Instant.Zero;

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
        return _level >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_level / perSecond);
    }

    private void Refill(Instant now)
    {
        if (now > _at)
        {
            _level = Math.Min(burst, _level + (now - _at).TotalSeconds * perSecond);
            _at = now;
        }
    }
}
