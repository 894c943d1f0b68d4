using System.ComponentModel;
using System.Net;
using System.Runtime.InteropServices;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net.Tcp;

/// <summary>The passive ICE-TCP port (RFC 6544 section 4.1). Accepts on one loop; a connection's first frame decides where it lives.</summary>
internal sealed unsafe class IceTcpListener : IEpollTarget, IDeadlineHandler, IDisposable
{
    private const int Backlog = 512;
    private const int AcceptsPerTurn = 64;

    /// <summary>Where descriptors have run out all the same, the next try is so much later: the listener would be ready all the time.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly ITcpOwner _loop;
    private readonly Epoll _epoll;
    private readonly TcpLimits _limits;
    private readonly int _descriptor;
    private readonly int _token;
    private readonly LoopTimer _resume;
    private int _lastConnection;

    public IceTcpListener(ITcpOwner loop, Epoll epoll, TcpLimits limits, IPEndPoint local)
    {
        _loop = loop;
        _epoll = epoll;
        _limits = limits;
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
        _resume = loop.CreateTimer(this);
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
                if (IsShortage(Marshal.GetLastPInvokeError()) && !_loop.Connections.CloseOldestUnclaimed())
                {
                    _epoll.Modify(_descriptor, 0, _token);
                    _resume.Schedule(_loop.Now + Pause);
                }

                return;
            }

            _limits.Opened();

            // Numbers stay positive and unique over all loops, as only this listener gives them out.
            _lastConnection = _lastConnection == int.MaxValue ? 1 : _lastConnection + 1;
            _loop.Counters.TcpAccepted++;
            if (_limits.IsExceeded && !_loop.Connections.CloseOldestUnclaimed())
            {
                _loop.Connections.Refuse(descriptor);
                continue;
            }

            _loop.Connections.Adopt(descriptor, SocketAddressCodec.Read(address, TransportProtocol.Tcp, _lastConnection), []);
        }
    }

    void IDeadlineHandler.OnDeadline(Instant now) => _epoll.Modify(_descriptor, Linux.EpollIn, _token);

    public void Dispose()
    {
        _epoll.Remove(_descriptor, _token);
        _ = Linux.Close(_descriptor);
    }

    private static bool IsShortage(int error) => error is Linux.ErrorFilesUsedUp or Linux.ErrorSystemFilesUsedUp or Linux.ErrorNoBuffers or Linux.ErrorNoMemory;
}
