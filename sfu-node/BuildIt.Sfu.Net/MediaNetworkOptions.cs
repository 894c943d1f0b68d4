using System.Net;

namespace BuildIt.Sfu.Net;

/// <summary>How a <see cref="MediaNetwork"/> is set up. All limits are per loop.</summary>
public sealed record MediaNetworkOptions
{
    /// <summary>Number of loops, each a thread with a socket of its own; one per core. 1 to 64.</summary>
    public int LoopCount { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, Routing.LoopUfrag.MaxLoops);

    /// <summary>Address and UDP port shared by all loops. Port 0 takes a free one. "::" receives IPv4 as well.</summary>
    public IPEndPoint UdpEndPoint { get; init; } = new(IPAddress.IPv6Any, 0);

    /// <summary>Address and port of the ICE-TCP listener; null for none.</summary>
    public IPEndPoint? TcpEndPoint { get; init; }

    /// <summary>
    /// Under load a loop looks for arrivals once in this time, so that they can be handled, and sent on, together. Under light load
    /// it does so at once. At most 2 ms; zero turns it off.
    /// </summary>
    public TimeSpan GatherWindow { get; init; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Datagrams a second, both directions together, above which a loop gathers.</summary>
    public int GatherAboveRate { get; init; } = 5_000;

    /// <summary>Wanted kernel buffer of each socket and direction; the kernel may grant less.</summary>
    public int SocketBufferBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Use UDP_SEGMENT where the kernel and the device can.</summary>
    public bool Segmentation { get; init; } = true;

    /// <summary>Use UDP_GRO where the kernel can.</summary>
    public bool Coalescing { get; init; } = true;

    /// <summary>
    /// Answer from the address a peer used (IP_PKTINFO). Null decides by whether the host has more than one address
    /// and the socket is bound to none in particular.
    /// </summary>
    public bool? SourceSelection { get; init; }

    /// <summary>Have the kernel note when each datagram arrives; see <see cref="MediaLoop.ReadArrival"/>. For measuring.</summary>
    public bool ArrivalTimes { get; init; }

    /// <summary>Bytes of datagrams that can wait for one flush.</summary>
    public int SendArenaBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Datagrams that can wait for one flush.</summary>
    public int MaxPendingDatagrams { get; init; } = 16_384;

    /// <summary>
    /// Datagrams from other loops that can wait; a power of two. A quarter of a second of two floods at once: what is beyond is lost,
    /// whoever sent it.
    /// </summary>
    public int HandOverCapacity { get; init; } = 8192;

    /// <summary>Remote addresses one endpoint may hold at a time.</summary>
    public int MaxPathsPerEndpoint { get; init; } = 32;

    /// <summary>TCP connections, with those that have proved nothing yet.</summary>
    public int MaxTcpConnections { get; init; } = 2048;

    /// <summary>TCP connections of all loops together: what descriptors allow.</summary>
    public int MaxTcpConnectionsInAll { get; init; } = int.MaxValue;

    /// <summary>Time a TCP connection has until a transport takes it up.</summary>
    public TimeSpan TcpFirstPacketTimeout { get; init; } = TimeSpan.FromSeconds(10);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(LoopCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LoopCount, Routing.LoopUfrag.MaxLoops);
        ArgumentOutOfRangeException.ThrowIfLessThan(GatherWindow, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(GatherWindow, TimeSpan.FromMilliseconds(2));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPendingDatagrams);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxPathsPerEndpoint);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxTcpConnectionsInAll);
    }
}
