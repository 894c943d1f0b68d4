namespace BuildIt.Sfu.Node.State;

/// <summary>
/// Whether this node can be sure that nobody has taken its rooms away. The operator gives a node up only when its heartbeat
/// has expired and its probe fails, so a node that has just written the one or answered the other still has its rooms. Without
/// the lease it lets nobody new in: the room may have another owner already. Those it has stay. Thread-safe.
/// </summary>
public sealed class ServingLease(TimeProvider time)
{
    /// <summary>How long an answered probe vouches: less than two probes can fail in.</summary>
    public static readonly TimeSpan ProbeTerm = TimeSpan.FromSeconds(3);

    private readonly Lock _lock = new();
    private long _until = long.MinValue;
    private long _heldSince = long.MaxValue;

    /// <summary>True while it is certain that the rooms are still this node's.</summary>
    public bool Held
    {
        get
        {
            lock (_lock)
            {
                return Held_NeedsLock();
            }
        }
    }

    /// <summary>
    /// True when the lease is held and has been ever since that timestamp. What was known before it lapsed may be out of date:
    /// its rooms may have been given away meanwhile.
    /// </summary>
    public bool HeldSince(long timestamp)
    {
        lock (_lock)
        {
            return Held_NeedsLock() && _heldSince <= timestamp;
        }
    }

    /// <summary>Held until <paramref name="term"/> after <paramref name="since"/>, a timestamp of the time provider.</summary>
    public void Renew(long since, TimeSpan term)
    {
        var until = since + (long)(term.TotalSeconds * time.TimestampFrequency);
        lock (_lock)
        {
            if (!Held_NeedsLock())
            {
                // From now, not from when the renewal was sent: it may have taken effect only now.
                _heldSince = time.GetTimestamp();
            }

            _until = Math.Max(_until, until);
        }
    }

    private bool Held_NeedsLock() => time.GetTimestamp() < _until;
}
