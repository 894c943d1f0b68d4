namespace BuildIt.Sfu.Node.Routing;

/// <summary>
/// Whether this node can be sure that nobody has taken its rooms away. The operator gives a node up only when its heartbeat
/// has expired and its probe fails, so a node that has just written the one or answered the other still has its rooms. Without
/// the lease it lets nobody new in: the room may have another owner already. Those it has stay. Thread-safe.
/// </summary>
public sealed class ServingLease(TimeProvider time)
{
    /// <summary>How long an answered probe vouches: less than two probes can fail in.</summary>
    public static readonly TimeSpan ProbeTerm = TimeSpan.FromSeconds(3);

    private long _until = long.MinValue;

    /// <summary>True while it is certain that the rooms are still this node's.</summary>
    public bool Held => time.GetTimestamp() < Interlocked.Read(ref _until);

    /// <summary>Held until <paramref name="term"/> after <paramref name="since"/>, a timestamp of the time provider.</summary>
    public void Renew(long since, TimeSpan term)
    {
        var until = since + (long)(term.TotalSeconds * time.TimestampFrequency);
        long seen;
        while ((seen = Interlocked.Read(ref _until)) < until && Interlocked.CompareExchange(ref _until, until, seen) != seen)
        {
        }
    }
}
