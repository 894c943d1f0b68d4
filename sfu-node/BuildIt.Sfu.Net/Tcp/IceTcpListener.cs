using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Transport;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Udp;

namespace BuildIt.Sfu.Net.Tcp;

/// <summary>The passive ICE-TCP port (RFC 6544 section 4.1). Accepts on one loop; a connection's first frame decides where it lives.</summary>
internal sealed unsafe class IceTcpListener : IEpollTarget, IDisposable
{
    private const int Backlog = 512;
    private const int AcceptsPerTurn = 64;

    private readonly MediaLoop _loop;
    private readonly Epoll _epoll;
    private readonly int _descriptor;
    private readonly int _token;
    private int _lastConnection;

    public IceTcpListener(MediaLoop loop, Epoll epoll, IPEndPoint local)
    {
        _loop = loop;
        _epoll = epoll;
        (_descriptor, bool ipv6) = SocketFactory.Open(Linux.SocketStream, local, shared: false);
        try
        {
            SocketFactory.Bind(_descriptor, ipv6, local);
            if (Linux.Listen(_descriptor, Backlog) != 0)
            {
                throw new Win32Exception(Marshal.GetLastPInvokeError(), "listen failed");
            }

            LocalPort = SocketFactory.LocalPort(_descriptor);
        }
        catch (Win32Exception)
        {
            _ = Linux.Close(_descriptor);
            throw;
        }

        _token = epoll.Add(_descriptor, Linux.EpollIn, this);
    }

    public int LocalPort { get; }

    public void OnReady(uint events)
    {
        for (int i = 0; i < AcceptsPerTurn; i++)
        {
            SocketAddressStorage address = default;
            uint length = (uint)sizeof(SocketAddressStorage);
            int descriptor = Linux.Accept(_descriptor, &address, &length, Linux.SocketNonBlocking | Linux.SocketCloseOnExec);
            if (descriptor < 0)
            {
                return;
            }

            // Numbers stay positive and unique over all loops, as only this listener gives them out.
            _lastConnection = _lastConnection == int.MaxValue ? 1 : _lastConnection + 1;
            _loop.Counters.TcpAccepted++;
            _loop.Connections.Adopt(descriptor, SocketAddressCodec.Read(address, TransportProtocol.Tcp, _lastConnection), []);
        }
    }

    public void Dispose()
    {
        _epoll.Remove(_descriptor, _token);
        _ = Linux.Close(_descriptor);
    }
}
