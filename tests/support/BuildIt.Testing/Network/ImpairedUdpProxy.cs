using System.Net;
using System.Net.Sockets;

namespace BuildIt.Testing.Network;

/// <summary>
/// A bad network in user space: stands between UDP clients and one server on loopback, and impairs each direction by
/// itself. The server sees each client at a port of its own. All clients share the link. Thread-safe.
/// </summary>
public sealed class ImpairedUdpProxy : IAsyncDisposable
{
    private const int MaxDatagram = 65536;
    private const byte HandshakeRecord = 22;

    private readonly Lock _lock = new();
    private readonly IPEndPoint _server;
    private readonly Socket _listening = Bind();
    private readonly Dictionary<SocketAddress, Socket> _clients = [];
    private readonly DelayLine<Departure> _departures;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];
    private readonly ImpairedLink _toServer;
    private readonly ImpairedLink _toClient;
    private readonly List<Socket> _abandoned = [];
    private long _handshakes;

    /// <param name="server">Where clients' packets go.</param>
    /// <param name="seed">Of loss, jitter and reordering.</param>
    public ImpairedUdpProxy(IPEndPoint server, int seed)
    {
        _server = server;
        _departures = new DelayLine<Departure>(SendAsync);
        _toServer = new ImpairedLink(seed);
        _toClient = new ImpairedLink(seed + 1);
        Port = ((IPEndPoint)_listening.LocalEndPoint!).Port;
        Run(ReceiveFromClientsAsync);
    }

    /// <summary>The loopback port that stands for the server.</summary>
    public int Port { get; }

    public LinkConditions ToServer
    {
        get => With(_toServer, link => link.Conditions);
        set => With(_toServer, link => link.Conditions = value);
    }

    public LinkConditions ToClient
    {
        get => With(_toClient, link => link.Conditions);
        set => With(_toClient, link => link.Conditions = value);
    }

    /// <summary>Packets that the way to the clients dropped: full queue, and by chance.</summary>
    public (long Overflowed, long Lost) DroppedToClient => With(_toClient, link => (link.Overflowed, link.Lost));

    /// <summary>Bytes delivered to the clients.</summary>
    public long BytesToClient { get; private set; }

    /// <summary>Datagrams of clients that begin with a DTLS handshake record (RFC 6347 section 4.1: content type 22).</summary>
    public long Handshakes => Interlocked.Read(ref _handshakes);

    /// <summary>
    /// Gives every client another port towards the server, as when it changes its network or a NAT forgets it. What the server
    /// still sends to the old ports is lost without a word.
    /// </summary>
    public void MoveClients()
    {
        lock (_lock)
        {
            _abandoned.AddRange(_clients.Values);
            _clients.Clear();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_tasks);
        await _departures.DisposeAsync();
        _listening.Dispose();
        foreach (var socket in _clients.Values.Concat(_abandoned))
        {
            socket.Dispose();
        }

        _stop.Dispose();
    }

    private static Socket Bind()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private T With<T>(ImpairedLink link, Func<ImpairedLink, T> use)
    {
        lock (_lock)
        {
            return use(link);
        }
    }

    private void Run(Func<CancellationToken, Task> work) => _tasks.Add(Task.Run(async () =>
    {
        try
        {
            await work(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }));

    private async Task ReceiveFromClientsAsync(CancellationToken cancellation)
    {
        var buffer = new byte[MaxDatagram];
        var from = new SocketAddress(AddressFamily.InterNetwork);
        while (true)
        {
            var length = await _listening.ReceiveFromAsync(buffer, SocketFlags.None, from, cancellation);
            if (length > 0 && buffer[0] == HandshakeRecord)
            {
                Interlocked.Increment(ref _handshakes);
            }

            Accept(_toServer, buffer.AsSpan(0, length), UpstreamOf(from), null);
        }
    }

    private Socket UpstreamOf(SocketAddress from)
    {
        lock (_lock)
        {
            if (!_clients.TryGetValue(from, out var upstream))
            {
                upstream = Bind();
                upstream.Connect(_server);
                var client = new SocketAddress(from.Family, from.Size);
                from.Buffer.CopyTo(client.Buffer);
                _clients.Add(client, upstream);
                Run(stop => ReceiveFromServerAsync(upstream, client, stop));
            }

            return upstream;
        }
    }

    private async Task ReceiveFromServerAsync(Socket upstream, SocketAddress client, CancellationToken cancellation)
    {
        var buffer = new byte[MaxDatagram];
        while (true)
        {
            int length;
            try
            {
                length = await upstream.ReceiveAsync(buffer, cancellation);
            }
            catch (SocketException)
            {
                // ICMP says that the server does not listen (yet, or any more).
                continue;
            }

            if (IsInUse(upstream, client))
            {
                Accept(_toClient, buffer.AsSpan(0, length), _listening, client);
            }
        }
    }

    private bool IsInUse(Socket upstream, SocketAddress client)
    {
        lock (_lock)
        {
            return _clients.TryGetValue(client, out var current) && current == upstream;
        }
    }

    private void Accept(ImpairedLink link, ReadOnlySpan<byte> datagram, Socket socket, SocketAddress? to)
    {
        lock (_lock)
        {
            if (link.Schedule(datagram.Length, _departures.Now) is { } at)
            {
                _departures.Add(new Departure(datagram.ToArray(), socket, to), at);
            }
        }
    }

    private async ValueTask SendAsync(Departure departure, CancellationToken cancellation)
    {
        try
        {
            if (departure.To is null)
            {
                await departure.Socket.SendAsync(departure.Datagram, cancellation);
            }
            else
            {
                await departure.Socket.SendToAsync(departure.Datagram, SocketFlags.None, departure.To, cancellation);
                BytesToClient += departure.Datagram.Length;
            }
        }
        catch (SocketException)
        {
            // As on a real network: whoever sent it is not told.
        }
    }

    private sealed record Departure(byte[] Datagram, Socket Socket, SocketAddress? To);
}
