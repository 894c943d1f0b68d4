using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Tests;

/// <summary>A handler made of a delegate.</summary>
internal sealed class DelegateHandler : IDatagramHandler
{
    public delegate void Receive(Span<byte> datagram, in TransportAddress from, Instant now);

    public Receive OnDatagram { get; set; } = static (Span<byte> _, in TransportAddress _, Instant _) => { };

    public Action<TransportAddress> OnPathLost { get; set; } = static _ => { };

    public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now) => OnDatagram(datagram, from, now);

    public void HandlePathLost(in TransportAddress remote, Instant now) => OnPathLost(remote);
}

/// <summary>Opens a path to whoever writes, claims the address, and sends everything back.</summary>
internal sealed class EchoHandler : IDatagramHandler
{
    private readonly Dictionary<TransportAddress, PathId> _paths = [];

    public MediaEndpoint Endpoint { get; set; } = null!;

    public int Received { get; private set; }

    public int ThreadId { get; private set; }

    public int PathsLost { get; private set; }

    public void HandleDatagram(Span<byte> datagram, in TransportAddress from, Instant now)
    {
        Received++;
        ThreadId = Environment.CurrentManagedThreadId;
        if (!_paths.TryGetValue(from, out PathId path))
        {
            path = Endpoint.OpenPath(from);
            _paths.Add(from, path);
            Endpoint.Claim(from, proven: true);
        }

        datagram.CopyTo(Endpoint.Reserve(path, datagram.Length));
        Endpoint.Commit(datagram.Length);
    }

    public void HandlePathLost(in TransportAddress remote, Instant now) => PathsLost++;
}

internal static class TestPeers
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static MediaNetworkOptions Options { get; } = new()
    {
        LoopCount = 1,
        UdpEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        SocketBufferBytes = 4 * 1024 * 1024,
    };

    public static MediaNetwork Start(MediaNetworkOptions options)
    {
        var network = new MediaNetwork(options);
        network.Start();
        return network;
    }

    /// <summary>An endpoint that echoes, reachable through the returned fragment.</summary>
    public static async Task<(EchoHandler Handler, string Ufrag)> AddEchoAsync(MediaLoop loop)
    {
        string ufrag = LoopUfrag.Create(loop.Index);
        var handler = new EchoHandler();
        bool added = await loop.InvokeAsync(() =>
        {
            handler.Endpoint = loop.CreateEndpoint(handler);
            return handler.Endpoint.AddUfrag(ufrag);
        });
        Assert.True(added);
        return (handler, ufrag);
    }

    public static byte[] StunRequest(string localUfrag)
    {
        byte[] username = Encoding.ASCII.GetBytes(localUfrag + ":peer");
        int padded = (username.Length + 3) & ~3;
        byte[] request = new byte[20 + 4 + padded];
        BinaryPrimitives.WriteUInt16BigEndian(request, 1);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(2), (ushort)(4 + padded));
        BinaryPrimitives.WriteUInt32BigEndian(request.AsSpan(4), 0x2112A442);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(20), 6);
        BinaryPrimitives.WriteUInt16BigEndian(request.AsSpan(22), (ushort)username.Length);
        username.CopyTo(request, 24);
        return request;
    }

    public static Socket UdpClient(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 * 1024 * 1024,
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
        };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    public static byte[] Receive(Socket socket)
    {
        byte[] buffer = new byte[65536];
        return buffer[..socket.Receive(buffer)];
    }

    public static byte[] Media(int length, byte mark)
    {
        byte[] datagram = new byte[length];
        datagram[0] = 0x80;
        datagram[^1] = mark;
        return datagram;
    }

    public static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            await Task.Delay(5, patience.Token);
        }
    }
}
