using System.Net;
using System.Net.Sockets;

namespace BuildIt.Testing.Network;

/// <summary>
/// A TCP relay that can be cut (connections break, new ones are refused), frozen (bytes of the connections there are stop) and
/// silenced (bytes of all connections vanish, as behind a partition). Any thread.
/// </summary>
public sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly IPEndPoint _target;
    private readonly Lock _lock = new();
    private readonly List<Socket> _open = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private readonly HashSet<Socket> _frozen = [];
    private bool _cut;
    private bool _silent;

    /// <param name="target">Where connections are passed on to.</param>
    /// <param name="listen">Where the relay listens; a free port of the loopback interface when left out.</param>
    public TcpRelay(IPEndPoint target, IPEndPoint? listen = null)
    {
        _target = target;
        _listener = new TcpListener(listen ?? new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The port listened on.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Breaks every connection and refuses new ones until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _cut = true;
            BreakAll_NeedsLock();
        }
    }

    /// <summary>Swallows every byte of the connections there are; new ones flow.</summary>
    public void Freeze()
    {
        lock (_lock)
        {
            _frozen.UnionWith(_open);
        }
    }

    /// <summary>Swallows every byte of all connections, also of those that come, until <see cref="Mend"/>. Nobody is told.</summary>
    public void Silence()
    {
        lock (_lock)
        {
            _silent = true;
        }
    }

    /// <summary>Lets bytes flow again. Connections that have lost some break.</summary>
    public void Mend()
    {
        lock (_lock)
        {
            if (_silent)
            {
                BreakAll_NeedsLock();
            }

            _cut = false;
            _silent = false;
        }
    }

    /// <summary>Ends every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        _end.Dispose();
    }

    private void BreakAll_NeedsLock()
    {
        _open.ForEach(socket => socket.Dispose());
        _open.Clear();
        _frozen.Clear();
    }

    private async Task AcceptAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            Socket? inner = null;
            try
            {
                inner = await _listener.AcceptSocketAsync(_end.Token);
                var outer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await outer.ConnectAsync(_target, _end.Token);
                lock (_lock)
                {
                    if (_cut)
                    {
                        inner.Dispose();
                        outer.Dispose();
                        continue;
                    }

                    _open.Add(inner);
                    _open.Add(outer);
                }

                _ = PumpAsync(inner, outer);
                _ = PumpAsync(outer, inner);
            }
            catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                inner?.Dispose();
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer, _end.Token)) > 0)
            {
                if (IsSwallowed(from))
                {
                    continue;
                }

                await to.SendAsync(buffer.AsMemory(0, count), _end.Token);
            }
        }
        catch (Exception ended) when (ended is SocketException or OperationCanceledException or ObjectDisposedException)
        {
        }

        from.Dispose();
        to.Dispose();
    }

    private bool IsSwallowed(Socket socket)
    {
        lock (_lock)
        {
            return _silent || _frozen.Contains(socket);
        }
    }
}
