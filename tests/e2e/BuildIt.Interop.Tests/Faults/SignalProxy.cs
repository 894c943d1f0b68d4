using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace BuildIt.Interop.Tests.Faults;

/// <summary>A TCP proxy in front of the node's signalling whose connections a test can cut. Media does not pass through it.</summary>
public sealed class SignalProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<TcpClient, byte> _sockets = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Uri _target;
    private readonly Task _accepting;
    private volatile bool _refusing;

    public SignalProxy(string target)
    {
        _target = new Uri(target);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string WebSocketUrl => $"ws://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Resets all connections, as when a network goes away; new ones are refused until <see cref="Mend"/>.</summary>
    public void Cut()
    {
        _refusing = true;
        foreach (var socket in _sockets.Keys)
        {
            Reset(socket);
        }
    }

    /// <summary>Lets connections through again.</summary>
    public void Mend() => _refusing = false;

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_ended.Token);
                if (_refusing)
                {
                    Reset(client);
                }
                else
                {
                    _ = ServeAsync(client);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var server = new TcpClient();
        _sockets[client] = 0;
        _sockets[server] = 0;
        try
        {
            await server.ConnectAsync(_target.Host, _target.Port, _ended.Token);
            await Task.WhenAny(
                client.GetStream().CopyToAsync(server.GetStream(), _ended.Token),
                server.GetStream().CopyToAsync(client.GetStream(), _ended.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or InvalidOperationException)
        {
            // One side is gone; the other follows.
        }
        finally
        {
            _sockets.TryRemove(client, out _);
            _sockets.TryRemove(server, out _);
            client.Dispose();
        }
    }

    private static void Reset(TcpClient socket)
    {
        try
        {
            socket.Client?.Close(0);
        }
        catch (ObjectDisposedException)
        {
            // It ended at the same time.
        }
    }
}
