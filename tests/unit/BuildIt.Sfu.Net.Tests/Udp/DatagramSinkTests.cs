using System.Net;
using System.Net.Sockets;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Interop;
using BuildIt.Sfu.Net.Statistics;

namespace BuildIt.Sfu.Net.Tests.Udp;

public sealed class DatagramSinkTests
{
    [Fact]
    public async Task Equal_neighbours_of_one_path_leave_as_one_segmented_message()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        Assert.True(loop.UsesSegmentation, "this kernel has UDP_SEGMENT");

        // Interleaved over two destinations, as forwarding makes them: 7 equal and a shorter last; then a larger one alone.
        int[] sizes = [1000, 1000, 1000, 1000, 1000, 1000, 1000, 400, 1100];
        await SendInterleavedAsync(loop, sizes);

        LoopStatistics statistics = loop.Statistics;
        Assert.Equal(2 * sizes.Length, statistics.PacketsSent);
        Assert.Equal(2, statistics.SegmentedRuns);
        Assert.Equal(16, statistics.SegmentedPackets);
        Assert.Equal(1, statistics.SendCalls);
    }

    [Fact]
    public async Task Tells_the_length_of_the_last_datagram_that_waits_for_a_path()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        await loop.InvokeAsync(() =>
        {
            using MediaEndpoint endpoint = loop.CreateEndpoint(new DelegateHandler());
            PathId path = endpoint.OpenPath(TransportAddress.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 9)));
            PathId other = endpoint.OpenPath(TransportAddress.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 10)));
            Assert.Equal(0, endpoint.LastWaiting(path));
            foreach (int length in (int[])[500, 400])
            {
                endpoint.Reserve(path, 1000);
                endpoint.Commit(length);
                Assert.Equal(length, endpoint.LastWaiting(path));
            }

            Assert.Equal(0, endpoint.LastWaiting(other));
            Assert.True(endpoint.LastWaiting(PathId.None) < 0);
            loop.Flush();
            Assert.Equal(0, endpoint.LastWaiting(path));
        });

        using MediaNetwork plain = TestPeers.Start(TestPeers.Options with { Segmentation = false });
        MediaLoop plainLoop = plain.Loops[0];
        await plainLoop.InvokeAsync(() =>
        {
            using MediaEndpoint endpoint = plainLoop.CreateEndpoint(new DelegateHandler());
            Assert.True(endpoint.LastWaiting(endpoint.OpenPath(TransportAddress.FromEndPoint(new IPEndPoint(IPAddress.Loopback, 9)))) < 0);
        });
    }

    [Fact]
    public async Task A_run_is_split_at_64_segments_and_at_the_largest_message()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        await SendInterleavedAsync(network.Loops[0], [.. Enumerable.Repeat(200, 130)]);
        Assert.Equal(2 * 3, network.Loops[0].Statistics.SegmentedRuns);

        long before = network.Loops[0].Statistics.SegmentedRuns;
        await SendInterleavedAsync(network.Loops[0], [.. Enumerable.Repeat(1400, 60)]);
        Assert.Equal(2 * 2, network.Loops[0].Statistics.SegmentedRuns - before);
    }

    [Fact]
    public async Task A_device_that_refuses_segmentation_gets_plain_datagrams_from_then_on()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];

        // Without checksums the kernel answers EIO to UDP_SEGMENT, as it does for a device without checksum offload.
        const int SoNoCheck = 11;
        Assert.True(Linux.TrySetOption(loop.SharedSocket.Descriptor, Linux.LevelSocket, SoNoCheck, 1));

        await SendInterleavedAsync(loop, [.. Enumerable.Repeat(900, 10)]);

        Assert.False(loop.UsesSegmentation);
        Assert.Equal(0, loop.Statistics.SegmentedRuns);
        Assert.Equal(20, loop.Statistics.PacketsSent);
        Assert.Equal(0, loop.Statistics.SendErrors);
    }

    [Fact]
    public async Task Without_the_option_every_datagram_is_a_message()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { Segmentation = false });
        await SendInterleavedAsync(network.Loops[0], [.. Enumerable.Repeat(900, 10)]);
        Assert.Equal(0, network.Loops[0].Statistics.SegmentedRuns);
        Assert.Equal(20, network.Loops[0].Statistics.PacketsSent);
    }

    [Fact]
    public async Task More_than_the_arena_holds_is_sent_in_several_flushes()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { SendArenaBytes = 140_000, MaxPendingDatagrams = 50 });
        await SendInterleavedAsync(network.Loops[0], [.. Enumerable.Repeat(1200, 300)]);
        Assert.Equal(600, network.Loops[0].Statistics.PacketsSent);
        Assert.Equal(0, network.Loops[0].Statistics.SendQueueDropped);
    }

    [Fact]
    public async Task What_goes_to_many_leaves_before_the_last_is_written_and_never_between_two_for_one()
    {
        const int Paths = 300;
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        using Socket receiver = Receiver();
        await loop.InvokeAsync(() =>
        {
            MediaEndpoint endpoint = loop.CreateEndpoint(new DelegateHandler());
            PathId first = endpoint.OpenPath(TransportAddress.FromEndPoint((IPEndPoint)receiver.LocalEndPoint!));
            Write(endpoint, first, 1000, 1);
            Write(endpoint, first, 1000, 2);
            for (int i = 1; i < Paths; i++)
            {
                MediaEndpoint other = loop.CreateEndpoint(new DelegateHandler());
                PathId path = other.OpenPath(TransportAddress.FromIPv4(0x7F000001, (ushort)(20_000 + i)));
                Write(other, path, 1000, 1);
                Write(other, path, 1000, 2);
            }

            Assert.Equal(1, TestPeers.Receive(receiver)[^1]);
            Assert.InRange(loop.Statistics.SendCalls, 3, 8);
            Assert.Equal(loop.Statistics.SegmentedRuns * 2, loop.Statistics.PacketsSent);
        });

        await TestPeers.EventuallyAsync(() => Task.FromResult(loop.Statistics.PacketsSent == 2 * Paths));
        Assert.Equal(Paths, loop.Statistics.SegmentedRuns);
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(60, 50)]
    public async Task A_socket_without_room_holds_a_bounded_number_and_goes_on_when_there_is_room(int written, int dropped)
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { MaxPendingDatagrams = 50 });
        MediaLoop loop = network.Loops[0];
        using Socket receiver = Receiver();
        await loop.InvokeAsync(() =>
        {
            MediaEndpoint endpoint = loop.CreateEndpoint(new DelegateHandler());
            PathId path = endpoint.OpenPath(TransportAddress.FromEndPoint((IPEndPoint)receiver.LocalEndPoint!));

            // As after EAGAIN: loopback itself always has room, so epoll ends the wait at once.
            loop.SharedSocket.WaitingForRoom = true;
            for (int i = 0; i < written; i++)
            {
                Write(endpoint, path, 100, (byte)i);
            }
        });

        for (int i = dropped; i < written; i++)
        {
            Assert.Equal((byte)i, TestPeers.Receive(receiver)[^1]);
        }

        await loop.InvokeAsync(() => { });
        Assert.Equal(dropped, loop.Statistics.SendQueueDropped);
        Assert.Equal(written - dropped, loop.Statistics.PacketsSent);
    }

    [Fact]
    public async Task A_closed_path_sends_what_was_committed_and_nothing_more()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        using Socket receiver = Receiver();
        await loop.InvokeAsync(() =>
        {
            MediaEndpoint endpoint = loop.CreateEndpoint(new DelegateHandler());
            PathId path = endpoint.OpenPath(TransportAddress.FromEndPoint((IPEndPoint)receiver.LocalEndPoint!));
            Write(endpoint, path, 100, 1);
            endpoint.ClosePath(path);
            Write(endpoint, path, 100, 2);
            PathId again = endpoint.OpenPath(TransportAddress.FromEndPoint((IPEndPoint)receiver.LocalEndPoint!));
            Assert.NotEqual(path, again);
            Write(endpoint, again, 100, 3);
        });

        Assert.Equal(1, TestPeers.Receive(receiver)[^1]);
        Assert.Equal(3, TestPeers.Receive(receiver)[^1]);
        await loop.InvokeAsync(() => { });
        Assert.Equal(1, loop.Statistics.SendErrors);
    }

    private static async Task SendInterleavedAsync(MediaLoop loop, int[] sizes)
    {
        using Socket a = Receiver();
        using Socket b = Receiver();
        await loop.InvokeAsync(() =>
        {
            MediaEndpoint endpoint = loop.CreateEndpoint(new DelegateHandler());
            PathId pathA = endpoint.OpenPath(TransportAddress.FromEndPoint((IPEndPoint)a.LocalEndPoint!));
            PathId pathB = endpoint.OpenPath(TransportAddress.FromEndPoint((IPEndPoint)b.LocalEndPoint!));
            for (int i = 0; i < sizes.Length; i++)
            {
                Write(endpoint, pathA, sizes[i], (byte)i);
                Write(endpoint, pathB, sizes[i], (byte)i);
            }
        });

        foreach (Socket receiver in new[] { a, b })
        {
            for (int i = 0; i < sizes.Length; i++)
            {
                byte[] datagram = TestPeers.Receive(receiver);
                Assert.Equal(sizes[i], datagram.Length);
                Assert.Equal((byte)i, datagram[^1]);
            }
        }

        // The datagrams can be here before the loop has counted them.
        await loop.InvokeAsync(() => { });
    }

    private static void Write(MediaEndpoint endpoint, PathId path, int length, byte mark)
    {
        Span<byte> datagram = endpoint.Reserve(path, length + 50);
        datagram[..length].Clear();
        datagram[length - 1] = mark;
        endpoint.Commit(length);
    }

    private static Socket Receiver()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp)
        {
            ReceiveBufferSize = 4 * 1024 * 1024,
            ReceiveTimeout = (int)TestPeers.Patience.TotalMilliseconds,
        };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }
}
