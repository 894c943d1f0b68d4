using System.ComponentModel;
using System.Net;
using System.Security.Cryptography;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Tcp;

namespace BuildIt.Sfu.Net;

/// <summary>
/// All loops of a process on one shared UDP port, and the ICE-TCP port. Any thread may use it.
/// </summary>
public sealed class MediaNetwork : IDisposable
{
    private readonly List<MediaLoop> _loops = [];
    private readonly IceTcpListener? _listener;
    private bool _disposed;

    /// <summary>Opens the sockets. Nothing is received before <see cref="Start"/>.</summary>
    /// <exception cref="Win32Exception">A port is taken or forbidden.</exception>
    public MediaNetwork(MediaNetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Options = options;
        TcpLimits = new TcpLimits(options.MaxTcpConnections, options.MaxTcpConnectionsInAll, options.TcpFirstPacketTimeout);
        IPEndPoint local = options.UdpEndPoint;
        try
        {
            for (int i = 0; i < options.LoopCount; i++)
            {
                var loop = new MediaLoop(this, i, local);
                _loops.Add(loop);

                // The first loop may have been given a free port; the others share it.
                local = new IPEndPoint(local.Address, loop.SharedSocket.LocalPort);
            }

            _listener = options.TcpEndPoint is { } tcp ? new IceTcpListener(_loops[0], _loops[0].Epoll, TcpLimits, tcp) : null;
        }
        catch (Win32Exception)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>An exception left a handler or a posted command. Raised on the loop; must return soon.</summary>
    public event Action<MediaLoop, Exception>? Fault;

    /// <summary>A loop can no longer go on; the process should end.</summary>
    public event Action<MediaLoop, Exception>? Fatal;

    public IReadOnlyList<MediaLoop> Loops => _loops;

    public int UdpPort => _loops[0].SharedSocket.LocalPort;

    /// <summary>0 without a listener.</summary>
    public int TcpPort => _listener?.LocalPort ?? 0;

    internal MediaNetworkOptions Options { get; }

    internal TcpLimits TcpLimits { get; }

    internal AddressDirectory Directory { get; } = new();

    /// <summary>Secret of the transaction ids of this network's STUN requests.</summary>
    internal byte[] TransactionKey { get; } = RandomNumberGenerator.GetBytes(16);

    /// <summary>Begins to receive. Once.</summary>
    public void Start() => _loops.ForEach(loop => loop.Start());

    /// <summary>Runs what is posted, sends what waits, ends the loops and closes the sockets.</summary>
    /// <exception cref="InvalidOperationException">Called on a loop, which cannot wait for its own end.</exception>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        if (_loops.Exists(loop => loop.IsCurrent))
        {
            throw new InvalidOperationException("a network is not disposed on one of its loops");
        }

        _disposed = true;
        _loops.ForEach(loop => loop.Stop());
        _listener?.Dispose();
        _loops.ForEach(loop => loop.Release());
    }

    internal void ReportFault(MediaLoop loop, Exception error) => Fault?.Invoke(loop, error);

    internal void ReportFatal(MediaLoop loop, Exception error) => Fatal?.Invoke(loop, error);
}
