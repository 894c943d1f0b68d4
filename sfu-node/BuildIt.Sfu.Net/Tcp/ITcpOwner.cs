using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Statistics;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net.Tcp;

/// <summary>A loop as its TCP connections see it. On the loop's thread, but for <see cref="Post"/>.</summary>
internal interface ITcpOwner
{
    int Index { get; }

    Instant Now { get; }

    LoopCounters Counters { get; }

    TcpConnections Connections { get; }

    LoopTimer CreateTimer(IDeadlineHandler handler);

    /// <summary>Whether a transport of this loop has the fragment.</summary>
    bool Owns(UfragKey ufrag);

    /// <summary>The loop of that number, or null.</summary>
    ITcpOwner? Sibling(int index);

    /// <summary>Runs <paramref name="command"/> on the loop; false when that has stopped. Any thread.</summary>
    bool Post(Action command);

    /// <summary>Brings a datagram to the transport it is for.</summary>
    void Dispatch(Span<byte> datagram, in TransportAddress from);

    /// <summary>A connection is gone; its endpoint, if it has one, learns so.</summary>
    void PathLost(in TransportAddress remote);

    /// <summary>Disposes of <paramref name="garbage"/> once nothing of this iteration can be in it any more.</summary>
    void DisposeLater(IDisposable garbage);
}
