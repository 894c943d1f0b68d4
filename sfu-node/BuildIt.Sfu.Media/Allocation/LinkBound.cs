using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Allocation;

/// <summary>What one room asks of a bounded link; each includes the one before.</summary>
/// <param name="Sound">What goes in any case.</param>
/// <param name="Base">With the lowest layer of every picture that is watched, and repair.</param>
/// <param name="Wanted">With everything that is watched, and data.</param>
public readonly record struct LinkWish(DataRate Sound, DataRate Base, DataRate Wanted);

/// <summary>
/// What all rooms of a process together may send to one other fleet, divided among them: sound of all first, then the lowest layers of all,
/// then as much as each wants, nobody getting more while somebody who wants it has less. What nobody wants is lent out in equal parts, so
/// that a room may find out whether the path carries more. Rooms tell what they want, and the division follows ten times a second at most.
/// Thread-safe: the rooms live on several loops, and none waits for another's division.
/// </summary>
public sealed class LinkBound
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly List<LinkShare> _shares = [];
    private LinkWish[] _wishes = new LinkWish[16];
    private long _rate = DataRate.Infinite.BitsPerSecond;
    private long _dueAt;
    private long _wanted;

    /// <summary>The most that may be sent; infinite when there is no bound, and then nothing is divided.</summary>
    public DataRate Rate
    {
        get => new(Volatile.Read(ref _rate));
        set
        {
            if (Interlocked.Exchange(ref _rate, Math.Max(0, value.BitsPerSecond)) != value.BitsPerSecond)
            {
                Volatile.Write(ref _dueAt, 0);
            }
        }
    }

    /// <summary>What the rooms wanted together when it was divided last; null while there is no bound.</summary>
    public DataRate? Wanted => Rate == DataRate.Infinite ? null : new DataRate(Volatile.Read(ref _wanted));

    /// <summary>Whether any room sends over the link.</summary>
    public bool IsUsed
    {
        get
        {
            lock (_lock)
            {
                return _shares.Count > 0;
            }
        }
    }

    /// <summary>One more room sends over the link.</summary>
    public LinkShare Join()
    {
        var share = new LinkShare(this);
        lock (_lock)
        {
            _shares.Add(share);
        }

        return share;
    }

    internal void Leave(LinkShare share)
    {
        lock (_lock)
        {
            _shares.Remove(share);
            if (_shares.Count == 0)
            {
                Volatile.Write(ref _wanted, 0);
            }
        }
    }

    /// <summary>Divides anew when that is due, unless another loop is just doing it.</summary>
    internal void DivideIfDue(Instant now)
    {
        if (now.Microseconds < Volatile.Read(ref _dueAt) || !_lock.TryEnter())
        {
            return;
        }

        try
        {
            Divide_NeedsLock();
            Volatile.Write(ref _dueAt, (now + Interval).Microseconds);
        }
        finally
        {
            _lock.Exit();
        }
    }

    private void Divide_NeedsLock()
    {
        var count = _shares.Count;
        if (_wishes.Length < count)
        {
            Array.Resize(ref _wishes, Math.Max(count, _wishes.Length * 2));
        }

        var wishes = _wishes.AsSpan(0, count);
        for (var i = 0; i < count; i++)
        {
            wishes[i] = _shares[i].Wish;
        }

        var division = LinkDivision.Of(Rate, wishes);
        for (var i = 0; i < count; i++)
        {
            _shares[i].Grant(division.For(wishes[i]));
        }

        Volatile.Write(ref _wanted, division.Wanted.BitsPerSecond);
    }
}
