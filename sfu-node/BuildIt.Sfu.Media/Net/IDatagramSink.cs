namespace BuildIt.Sfu.Media.Net;

/// <summary>
/// Where the core puts outgoing datagrams. The shell owns the memory: the core reserves room for one datagram
/// to one path, writes (and encrypts) in place, and commits. Nothing is copied afterwards.
/// Used only on the loop that owns the room; not thread-safe.
/// </summary>
public interface IDatagramSink
{
    /// <summary>Starts using <paramref name="remote"/> as a destination and returns its handle on this loop.</summary>
    PathId OpenPath(in TransportAddress remote);

    /// <summary>
    /// Takes an address over from whoever had it. Only when an answer to a request of ours came from there
    /// (RFC 8445 section 7.3.1.4): the source of a datagram is whatever its sender wrote, and any client could pull another's media
    /// to itself. A client's NAT may give its port to the next, so the latest proof counts.
    /// </summary>
    /// <param name="proven">False where no proof can be had (a lite agent sends no checks): who has proved the address keeps it.</param>
    void Claim(in TransportAddress remote, bool proven);

    /// <summary>
    /// Makes twelve random bytes the transaction id of a STUN request whose answer comes back here, whoever its sender's address is
    /// bound to.
    /// </summary>
    void MarkTransaction(Span<byte> transaction)
    {
    }

    /// <summary>Forgets a destination. Datagrams committed before are still sent.</summary>
    void ClosePath(PathId path);

    /// <summary>
    /// Room for one datagram of at most <paramref name="capacity"/> bytes (up to 65,535; media stays under 1,500).
    /// At most one reservation is open at a time; a second one discards the first.
    /// </summary>
    Span<byte> Reserve(PathId path, int capacity);

    /// <summary>
    /// Length of the last datagram that waits for a path: another of that length can leave in one message with it. 0 when none waits,
    /// negative where every datagram is a message of its own.
    /// </summary>
    int LastWaiting(PathId path) => -1;

    /// <summary>Hands the first <paramref name="length"/> bytes of the reservation over to be sent with the next flush.</summary>
    void Commit(int length);
}

/// <summary>Handle of one destination on one loop, given out by <see cref="IDatagramSink.OpenPath"/>.</summary>
public readonly record struct PathId(int Value)
{
    public static readonly PathId None = new(-1);
}
