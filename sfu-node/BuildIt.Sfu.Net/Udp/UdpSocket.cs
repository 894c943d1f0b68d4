using System.ComponentModel;
using System.Net;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Interop;

namespace BuildIt.Sfu.Net.Udp;

/// <summary>One UDP socket of one loop, with what the kernel was found to offer on it and what waits to be sent.</summary>
internal sealed class UdpSocket : IEpollTarget, IDisposable
{
    private readonly IUdpSocketOwner _owner;
    private readonly Epoll _epoll;
    private readonly IPEndPoint _local;
    private int _token = -1;
    private bool _waitingForRoom;

    public UdpSocket(IUdpSocketOwner owner, Epoll epoll, IPEndPoint local, UdpSocketOptions options)
    {
        _owner = owner;
        _epoll = epoll;
        _local = local;
        (Descriptor, IsIPv6) = SocketFactory.Open(Linux.SocketDatagram, local, options.Shared);
        SocketFactory.SetBuffers(Descriptor, options.BufferBytes);

        // Setting the default segment size to "none" changes nothing, and fails where the kernel has no UDP_SEGMENT.
        // That a device cannot do it is only seen when sending.
        Segmentation = options.Segmentation && Linux.TrySetOption(Descriptor, Linux.LevelUdp, Linux.UdpSegment, 0);
        Coalescing = options.Coalescing && Linux.TrySetOption(Descriptor, Linux.LevelUdp, Linux.UdpGro, 1);
        if (options.ReceiveLocalAddress)
        {
            _ = IsIPv6
                ? Linux.TrySetOption(Descriptor, Linux.LevelIPv6, Linux.IPv6ReceivePacketInfo, 1)
                : Linux.TrySetOption(Descriptor, Linux.LevelIP, Linux.IpPacketInfo, 1);
        }

        if (options.ArrivalTimes)
        {
            _ = Linux.TrySetOption(Descriptor, Linux.LevelSocket, Linux.SoTimestampNanoseconds, 1);
        }
    }

    public int Descriptor { get; }

    public bool IsIPv6 { get; }

    /// <summary>0 before <see cref="Bind"/>.</summary>
    public int LocalPort { get; private set; }

    /// <summary>UDP_SEGMENT may be used. Turned off for good when the device proves unable.</summary>
    public bool Segmentation { get; set; }

    /// <summary>A segmented message went out once, so a later refusal concerns a path and not the device.</summary>
    public bool SegmentationProved { get; set; }

    /// <summary>UDP_GRO is on: one receive may hold many datagrams of one sender.</summary>
    public bool Coalescing { get; }

    /// <summary>Whoever gets every datagram of this socket; null for the shared one, which routes.</summary>
    public IDatagramHandler? Exclusive { get; set; }

    /// <summary>What it carries stays in this process: between two loops, and not to or from anybody.</summary>
    public bool IsInner { get; set; }

    /// <summary>Paths with datagrams waiting, in the order in which they got their first.</summary>
    public DatagramPath? DirtyHead { get; set; }

    public DatagramPath? DirtyTail { get; set; }

    /// <summary>Already in the sink's list of sockets to flush.</summary>
    public bool IsListed { get; set; }

    /// <summary>The kernel's send buffer is full; sending goes on when epoll says so.</summary>
    public bool WaitingForRoom
    {
        get => _waitingForRoom;
        set
        {
            if (_waitingForRoom != value)
            {
                _waitingForRoom = value;
                _epoll.Modify(Descriptor, Linux.EpollIn | (value ? Linux.EpollOut : 0), _token);
            }
        }
    }

    public bool IsClosed { get; private set; }

    /// <summary>Takes its port, and receives from now on. Calls after the first do nothing.</summary>
    /// <exception cref="Win32Exception">The port is taken or forbidden; the socket is closed then.</exception>
    public void Bind()
    {
        if (_token >= 0)
        {
            return;
        }

        try
        {
            SocketFactory.Bind(Descriptor, IsIPv6, _local);
            LocalPort = SocketFactory.LocalPort(Descriptor);
        }
        catch (Win32Exception)
        {
            Dispose();
            throw;
        }

        _token = _epoll.Add(Descriptor, Linux.EpollIn, this);
    }

    public void OnReady(uint events)
    {
        if ((events & Linux.EpollOut) != 0)
        {
            WaitingForRoom = false;
        }

        if ((events & (Linux.EpollIn | Linux.EpollError)) != 0)
        {
            _owner.OnReadable(this);
        }
    }

    public void Dispose()
    {
        if (IsClosed)
        {
            return;
        }

        IsClosed = true;
        if (_token >= 0)
        {
            _epoll.Remove(Descriptor, _token);
        }

        _ = Linux.Close(Descriptor);
    }
}

internal interface IUdpSocketOwner
{
    void OnReadable(UdpSocket socket);
}

internal readonly record struct UdpSocketOptions(
    bool Shared, int BufferBytes, bool Segmentation, bool Coalescing, bool ReceiveLocalAddress, bool ArrivalTimes);
