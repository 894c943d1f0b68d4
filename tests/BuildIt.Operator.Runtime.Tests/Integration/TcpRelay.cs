using System.Net;
using System.Net.Sockets;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>A TCP relay on a free port that can be cut (connections break, new ones are refused) and frozen (bytes stop).</summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IPEndPoint _target;
    private readonly Lock _lock = new();
    private readonly List<Socket> _open = [];
    private readonly CancellationTokenSource _end = new();
    private readonly Task _accepting;
    private readonly HashSet<Socket> _frozen = [];
    private bool _cut;

    public TcpRelay(Uri target)
    {
        _target = new IPEndPoint(IPAddress.Loopback, target.Port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Breaks every connection and refuses new ones until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _cut = true;
            _open.ForEach(s => s.Dispose());
            _open.Clear();
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

    public void Mend()
    {
        lock (_lock)
        {
            _cut = false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        _end.Dispose();
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
                if (IsFrozen(from))
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

    private bool IsFrozen(Socket socket)
    {
        lock (_lock)
        {
            return _frozen.Contains(socket);
        }
    }
}
