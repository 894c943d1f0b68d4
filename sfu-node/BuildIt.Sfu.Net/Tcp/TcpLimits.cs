namespace BuildIt.Sfu.Net.Tcp;

/// <summary>How many TCP connections there may be, and how many all loops have, with those on their way between two. Thread-safe.</summary>
/// <param name="perLoop">Connections of one loop.</param>
/// <param name="inAll">Connections of all loops.</param>
/// <param name="firstPacketTimeout">Time a connection has until a transport takes it up.</param>
internal sealed class TcpLimits(int perLoop, int inAll, TimeSpan firstPacketTimeout)
{
    private int _open;

    public int PerLoop { get; } = perLoop;

    public TimeSpan FirstPacketTimeout { get; } = firstPacketTimeout;

    /// <summary>More are open than may be.</summary>
    public bool IsExceeded => Volatile.Read(ref _open) > inAll;

    public void Opened() => Interlocked.Increment(ref _open);

    public void Closed() => Interlocked.Decrement(ref _open);
}
