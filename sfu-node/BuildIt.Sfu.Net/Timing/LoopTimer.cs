using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Net.Timing;

/// <summary>Whoever has deadlines on a loop: a transport, a pacer, a room.</summary>
public interface IDeadlineHandler
{
    /// <summary>Called on the loop once the scheduled deadline has come. Schedule the next one from here.</summary>
    void OnDeadline(Instant now);
}

/// <summary>
/// One pending deadline on a loop, made by <see cref="MediaLoop.CreateTimer"/> and reused for the life of its owner,
/// so that scheduling allocates nothing. Loop thread only.
/// </summary>
public sealed class LoopTimer
{
    private readonly DeadlineQueue _queue;

    internal LoopTimer(DeadlineQueue queue, IDeadlineHandler handler)
    {
        _queue = queue;
        Handler = handler;
    }

    /// <summary>When the handler is to be called next; <see cref="Instant.Never"/> when nothing is scheduled.</summary>
    public Instant Due { get; private set; } = Instant.Never;

    internal IDeadlineHandler Handler { get; }

    /// <summary>Place in the queue's heap, or -1.</summary>
    internal int HeapIndex { get; set; } = -1;

    /// <summary>The instant by which the heap orders this timer; never later than <see cref="Due"/> while queued.</summary>
    internal Instant HeapKey { get; set; } = Instant.Never;

    /// <summary>Replaces the deadline. A deadline in the past is called in this iteration or the next.</summary>
    public void Schedule(Instant due)
    {
        Due = due;
        _queue.Changed(this);
    }

    public void Cancel() => Schedule(Instant.Never);

    /// <summary>Brings the deadline forward; a later one than the present is ignored.</summary>
    public void ScheduleNoLaterThan(Instant due)
    {
        if (due < Due)
        {
            Schedule(due);
        }
    }

    internal void Fire(Instant now)
    {
        Due = Instant.Never;
        Handler.OnDeadline(now);
    }
}
