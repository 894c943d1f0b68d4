using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>One room's part of a <see cref="LinkBound"/>. Used on the room's loop.</summary>
public sealed class LinkShare
{
    /// <summary>
    /// Half of what is not wanted any more is kept for so long: what a layer costs goes up and down with its pictures, and the others are
    /// not to follow each step.
    /// </summary>
    private static readonly TimeSpan HalfLife = TimeSpan.FromSeconds(1);

    private const long NotGranted = -1;

    private readonly LinkBound _bound;
    private Instant _toldAt;
    private long _sound;
    private long _base;
    private long _wanted;
    private long _granted = NotGranted;

    internal LinkShare(LinkBound bound) => _bound = bound;

    /// <summary>What was told last. Read by whichever loop divides: its parts may be of two tellings.</summary>
    internal LinkWish Wish => new(new DataRate(Volatile.Read(ref _sound)), new DataRate(Volatile.Read(ref _base)), new DataRate(Volatile.Read(ref _wanted)));

    internal void Grant(DataRate rate) => Volatile.Write(ref _granted, rate.BitsPerSecond);

    /// <summary>Tells what the room wants now.</summary>
    /// <returns>What it may send from now on; infinite when the link has no bound.</returns>
    public DataRate Ask(in LinkWish wish, Instant now)
    {
        if (_bound.Rate == DataRate.Infinite)
        {
            return DataRate.Infinite;
        }

        var kept = _wanted * Math.Pow(0.5, (now - _toldAt) / HalfLife);
        _toldAt = now;
        Volatile.Write(ref _sound, wish.Sound.BitsPerSecond);
        Volatile.Write(ref _base, wish.Base.BitsPerSecond);
        Volatile.Write(ref _wanted, Math.Max(wish.Wanted.BitsPerSecond, (long)kept));
        _bound.DivideIfDue(now);

        // A newcomer need not wait for the next division to be heard and seen.
        var granted = Volatile.Read(ref _granted);
        return granted == NotGranted ? DataRate.Min(_bound.Rate, wish.Base) : new DataRate(granted);
    }

    /// <summary>The room sends nothing over the link any more.</summary>
    public void Leave() => _bound.Leave(this);
}
