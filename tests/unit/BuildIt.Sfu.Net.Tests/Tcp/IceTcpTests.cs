using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using BuildIt.Sfu.Net.Routing;

namespace BuildIt.Sfu.Net.Tests.Tcp;

public sealed class IceTcpTests
{
    private static readonly MediaNetworkOptions Options =
        TestPeers.Options with { LoopCount = 2, TcpEndPoint = new IPEndPoint(IPAddress.Loopback, 0) };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_connection_lives_on_the_loop_its_first_frame_names(int owner)
    {
        using MediaNetwork network = TestPeers.Start(Options);
        (EchoHandler echo, string ufrag) = await TestPeers.AddEchoAsync(network.Loops[owner]);
        using Socket client = await ConnectAsync(network);

        // Frames in one segment, cut in the middle of a length.
        byte[] stream = [.. Frame(TestPeers.StunRequest(ufrag)), .. Frame(TestPeers.Media(1200, 1)), .. Frame(TestPeers.Media(3, 2))];
        await client.SendAsync(stream.AsMemory(0, 10));
        await client.SendAsync(stream.AsMemory(10));

        byte[] echoed = await ReadAsync(client, stream.Length);
        Assert.Equal(stream, echoed);
        Assert.Equal(3, echo.Received);
        Assert.Equal(await network.Loops[owner].InvokeAsync(() => Environment.CurrentManagedThreadId), echo.ThreadId);

        client.Close();
        await TestPeers.EventuallyAsync(() => network.Loops[owner].InvokeAsync(() => echo.PathsLost == 1));
        Assert.Equal(0, await network.Loops[owner].InvokeAsync(() => network.Loops[owner].Connections.Count));
    }

    [Fact]
    public async Task A_connection_that_opens_with_anything_else_is_closed()
    {
        using MediaNetwork network = TestPeers.Start(Options);
        foreach (byte[] opening in new[]
        {
            Frame(TestPeers.Media(100, 1)),
            Frame(TestPeers.StunRequest(LoopUfrag.Create(0))),
            Frame(TestPeers.StunRequest(LoopUfrag.Create(1))),
            Frame(TestPeers.StunRequest(LoopUfrag.Create(63))),
            [0xFF, 0xFF, 1, 2, 3],
        })
        {
            using Socket client = await ConnectAsync(network);
            await client.SendAsync(opening);
            Assert.Equal(0, await ReceiveOrResetAsync(client));
        }

        Assert.Equal(4, network.Loops.Sum(loop => loop.Statistics.TcpRejected));
    }

    [Fact]
    public async Task A_silent_connection_is_closed_after_its_time()
    {
        using MediaNetwork network = TestPeers.Start(Options with { TcpFirstPacketTimeout = TimeSpan.FromMilliseconds(100) });
        using Socket client = await ConnectAsync(network);
        Assert.Equal(0, await ReceiveOrResetAsync(client));
    }

    [Fact]
    public async Task Too_many_silent_connections_push_the_oldest_out()
    {
        using MediaNetwork network = TestPeers.Start(Options with { LoopCount = 1, MaxTcpConnections = 3 });
        (_, string ufrag) = await TestPeers.AddEchoAsync(network.Loops[0]);
        using Socket claimed = await ConnectAsync(network);
        await claimed.SendAsync(Frame(TestPeers.StunRequest(ufrag)));
        await ReadAsync(claimed, Frame(TestPeers.StunRequest(ufrag)).Length);

        var silent = new List<Socket>();
        for (int i = 0; i < 3; i++)
        {
            silent.Add(await ConnectAsync(network));
        }

        Assert.Equal(0, await ReceiveOrResetAsync(silent[0]));
        await claimed.SendAsync(Frame(TestPeers.Media(10, 1)));
        Assert.Equal(12, (await ReadAsync(claimed, 12)).Length);
        silent.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public async Task A_reader_that_stops_reading_loses_datagrams_and_not_framing()
    {
        using MediaNetwork network = TestPeers.Start(Options with { LoopCount = 1 });
        MediaLoop loop = network.Loops[0];
        (EchoHandler echo, string ufrag) = await TestPeers.AddEchoAsync(loop);
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 8192 };
        await client.ConnectAsync(IPAddress.Loopback, network.TcpPort);
        byte[] opening = Frame(TestPeers.StunRequest(ufrag));
        await client.SendAsync(opening);
        await ReadAsync(client, opening.Length);

        byte[] frame = Frame(TestPeers.Media(1400, 7));
        int sent = 0;
        while (loop.Statistics.SendQueueDropped == 0)
        {
            await client.SendAsync(frame);
            sent++;
        }

        await TestPeers.EventuallyAsync(() => loop.InvokeAsync(() => echo.Received == sent + 1));
        long queued = sent - loop.Statistics.SendQueueDropped;
        for (long i = 0; i < queued; i++)
        {
            Assert.Equal(frame, await ReadAsync(client, frame.Length));
        }
    }

    private static byte[] Frame(byte[] datagram)
    {
        byte[] frame = new byte[datagram.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(frame, (ushort)datagram.Length);
        datagram.CopyTo(frame, 2);
        return frame;
    }

    private static async Task<Socket> ConnectAsync(MediaNetwork network)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, network.TcpPort);
        return socket;
    }

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        using var patience = new CancellationTokenSource(TestPeers.Patience);
        byte[] buffer = new byte[count];
        int read = 0;
        while (read < count)
        {
            int received = await socket.ReceiveAsync(buffer.AsMemory(read), patience.Token);
            Assert.NotEqual(0, received);
            read += received;
        }

        return buffer;
    }

    private static async Task<int> ReceiveOrResetAsync(Socket socket)
    {
        using var patience = new CancellationTokenSource(TestPeers.Patience);
        try
        {
            return await socket.ReceiveAsync(new byte[100], patience.Token);
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }
}
