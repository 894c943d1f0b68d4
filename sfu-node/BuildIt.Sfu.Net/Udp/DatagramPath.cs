using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Tcp;

namespace BuildIt.Sfu.Net.Udp;

/// <summary>One destination on one loop and the datagrams waiting for it. Objects are reused; the generation tells uses apart.</summary>
internal sealed class DatagramPath
{
    public const int NoPacket = -1;

    public required int Index { get; init; }

    public int Generation { get; set; }

    public bool IsOpen { get; set; }

    /// <summary>The socket to send from; null for a TCP path.</summary>
    public UdpSocket? Socket { get; set; }

    /// <summary>The connection to write to; null for a UDP path.</summary>
    public TcpConnection? Connection { get; set; }

    public SocketAddressStorage Address;

    /// <summary>Where this peer reaches us, if known; datagrams leave from there.</summary>
    public LocalAddress Local { get; set; }

    /// <summary>This path's MTU is too small for segments of the size we send.</summary>
    public bool SegmentationRefused { get; set; }

    /// <summary>First and last waiting datagram (indexes into the sink's table), or <see cref="NoPacket"/>.</summary>
    public int Head { get; set; } = NoPacket;

    public int Tail { get; set; } = NoPacket;

    public DatagramPath? NextDirty { get; set; }
}
