using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;

namespace BuildIt.Sfu.Media.Connections;

/// <summary>What is woken by a <see cref="Wakeup"/>.</summary>
internal interface ISleeper
{
    /// <summary>Does what is due.</summary>
    void Work(Instant now);

    /// <summary>When there is something to do next.</summary>
    Instant NextWork();
}

/// <summary>
/// The one place of a peer in its loop's deadlines. Whatever part of the peer may have something to do sooner than was thought says so
/// here. Used on one loop.
/// </summary>
internal sealed class Wakeup(IRoomLoop loop, ISleeper sleeper) : IDeadline
{
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Nobody is woken any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>Makes sure that there is work by then.</summary>
    public void By(Instant due)
    {
        if (due < NextDeadline && !IsClosed)
        {
            NextDeadline = due;
            loop.Schedule(this);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (IsClosed)
        {
            return;
        }

        NextDeadline = Instant.Never;
        sleeper.Work(now);
        if (!IsClosed)
        {
            NextDeadline = sleeper.NextWork();
            loop.Schedule(this);
        }
    }

    public void Close()
    {
        IsClosed = true;
        loop.Unschedule(this);
    }
}
