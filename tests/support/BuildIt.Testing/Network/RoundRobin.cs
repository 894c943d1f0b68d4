using System.Net;
using System.Net.Sockets;

namespace BuildIt.Testing.Network;

/// <summary>
/// One address for several servers, as a Kubernetes Service is: each connection goes to the next of them. A server that does not answer
/// is passed over. Any thread.
/// </summary>
public sealed class RoundRobin : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly Func<IReadOnlyList<IPEndPoint>> _servers;
    private readonly Task _accepting;
    private int _next = -1;

    /// <param name="servers">The servers that there are, asked for each connection.</param>
    public RoundRobin(Func<IReadOnlyList<IPEndPoint>> servers)
    {
        _servers = servers;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The loopback port that stands for all of them.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_end.Token));
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The tests are over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                using var server = await ConnectAsync();
                if (server is null)
                {
                    return;
                }

                var (near, far) = (client.GetStream(), server.GetStream());
                client.NoDelay = server.NoDelay = true;
                await Task.WhenAny(near.CopyToAsync(far, _end.Token), far.CopyToAsync(near, _end.Token));
            }
            catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // One side has gone.
            }
        }
    }

    private async Task<TcpClient?> ConnectAsync()
    {
        var servers = _servers();
        for (var tries = 0; tries < servers.Count; tries++)
        {
            var server = new TcpClient();
            try
            {
                await server.ConnectAsync(servers[(int)((uint)Interlocked.Increment(ref _next) % servers.Count)], _end.Token);
                return server;
            }
            catch (SocketException)
            {
                server.Dispose();
            }
        }

        return null;
    }
}
