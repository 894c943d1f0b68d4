using System.Net;
using System.Net.Sockets;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Net;
using BuildIt.Sfu.Net.Routing;
using BuildIt.Sfu.Net.Statistics;
using BuildIt.Sfu.Net.Timing;

namespace BuildIt.Sfu.Net.Tests;

public sealed class MediaLoopTests
{
    [Fact]
    public async Task Routes_by_fragment_first_and_by_address_afterwards()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        (EchoHandler a, string ufragA) = await TestPeers.AddEchoAsync(network.Loops[0]);
        (EchoHandler b, string ufragB) = await TestPeers.AddEchoAsync(network.Loops[0]);
        using Socket client = TestPeers.UdpClient(network.UdpPort);

        client.Send(TestPeers.Media(100, 1));
        client.Send(TestPeers.StunRequest(ufragA));
        Assert.Equal(TestPeers.StunRequest(ufragA), TestPeers.Receive(client));
        client.Send(TestPeers.Media(100, 2));
        Assert.Equal(TestPeers.Media(100, 2), TestPeers.Receive(client));
        Assert.Equal(2, a.Received);

        // The same address, now a client of another endpoint: its fragment moves it.
        client.Send(TestPeers.StunRequest(ufragB));
        TestPeers.Receive(client);
        client.Send(TestPeers.Media(100, 3));
        TestPeers.Receive(client);
        Assert.Equal(2, a.Received);
        Assert.Equal(2, b.Received);
        Assert.Equal(1, network.Loops[0].Statistics.Unroutable);
    }

    [Fact]
    public async Task An_address_is_not_taken_from_another_endpoint_by_sending_to_it()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        (EchoHandler victim, string ufrag) = await TestPeers.AddEchoAsync(loop);
        using Socket client = TestPeers.UdpClient(network.UdpPort);
        client.Send(TestPeers.StunRequest(ufrag));
        TestPeers.Receive(client);

        var thief = new DelegateHandler();
        int stolen = 0;
        thief.OnDatagram = (Span<byte> _, in TransportAddress _, Instant _) => stolen++;
        await loop.InvokeAsync(() =>
            loop.CreateEndpoint(thief).OpenPath(TransportAddress.FromEndPoint((IPEndPoint)client.LocalEndPoint!)));

        client.Send(TestPeers.Media(50, 9));
        TestPeers.Receive(client);
        Assert.Equal(2, victim.Received);
        Assert.Equal(0, stolen);
    }

    [Fact]
    public async Task A_loop_without_endpoints_gets_no_datagrams_that_it_would_only_hand_over()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { LoopCount = 2 });
        (EchoHandler echo, string ufrag) = await TestPeers.AddEchoAsync(network.Loops[0]);
        const int Clients = 16;
        await EchoAsync();
        Assert.Equal(0, network.Loops[1].Statistics.PacketsReceived);

        // Once it has one it takes its share of the port.
        await TestPeers.AddEchoAsync(network.Loops[1]);
        await EchoAsync();
        Assert.Equal(2 * Clients, echo.Received);
        Assert.InRange(network.Loops[1].Statistics.HandedOver, 1, Clients - 1);

        async Task EchoAsync()
        {
            for (int i = 0; i < Clients; i++)
            {
                using Socket client = TestPeers.UdpClient(network.UdpPort);
                client.Send(TestPeers.StunRequest(ufrag));
                TestPeers.Receive(client);
            }

            await network.Loops[0].InvokeAsync(() => { });
            await network.Loops[1].InvokeAsync(() => { });
        }
    }

    [Fact]
    public async Task A_datagram_on_the_wrong_loop_is_handed_to_the_owner()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { LoopCount = 2 });
        (EchoHandler echo, string ufrag) = await TestPeers.AddEchoAsync(network.Loops[1]);

        // The kernel chooses the socket by a hash of the addresses, so of 32 clients some land on either loop.
        const int Clients = 32;
        for (int i = 0; i < Clients; i++)
        {
            using Socket client = TestPeers.UdpClient(network.UdpPort);
            client.Send(TestPeers.StunRequest(ufrag));
            TestPeers.Receive(client);
            client.Send(TestPeers.Media(200, (byte)i));
            Assert.Equal(TestPeers.Media(200, (byte)i), TestPeers.Receive(client));
        }

        await network.Loops[1].InvokeAsync(() => { });
        Assert.Equal(Clients * 2, echo.Received);
        LoopStatistics first = network.Loops[0].Statistics;
        Assert.InRange(first.HandedOver, 2, Clients * 2 - 2);
        Assert.Equal(first.PacketsReceived, first.HandedOver);
        Assert.Equal(0, first.PacketsSent);
        Assert.Equal(Clients * 2, network.Loops[1].Statistics.PacketsSent);
    }

    [Fact]
    public async Task Echoing_a_hundred_thousand_datagrams_allocates_nothing()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        (EchoHandler echo, string ufrag) = await TestPeers.AddEchoAsync(loop);
        using Socket client = TestPeers.UdpClient(network.UdpPort);
        client.Send(TestPeers.StunRequest(ufrag));
        TestPeers.Receive(client);

        const int Batch = 100;
        byte[] datagram = TestPeers.Media(1000, 1);
        byte[] buffer = new byte[2048];
        void Exchange(int batches)
        {
            for (int i = 0; i < batches; i++)
            {
                for (int j = 0; j < Batch; j++)
                {
                    client.Send(datagram);
                }

                for (int j = 0; j < Batch; j++)
                {
                    client.Receive(buffer);
                }
            }
        }

        Exchange(20);
        long before = await loop.InvokeAsync(GC.GetAllocatedBytesForCurrentThread);
        int received = echo.Received;
        Exchange(1000);
        long allocated = await loop.InvokeAsync(GC.GetAllocatedBytesForCurrentThread) - before;

        Assert.Equal(1000 * Batch, echo.Received - received);

        // The two posted commands themselves allocate a little on the loop (their results are boxed into tasks).
        Assert.InRange(allocated, 0, 1000);
    }

    /// <summary>Every client proves its address again every few seconds.</summary>
    [Fact]
    public async Task Claiming_an_address_again_allocates_nothing()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        (EchoHandler echo, string ufrag) = await TestPeers.AddEchoAsync(loop);
        using Socket client = TestPeers.UdpClient(network.UdpPort);
        client.Send(TestPeers.StunRequest(ufrag));
        TestPeers.Receive(client);
        TransportAddress remote = TransportAddress.FromEndPoint((IPEndPoint)client.LocalEndPoint!);

        long allocated = await loop.InvokeAsync(() =>
        {
            echo.Endpoint.Claim(remote, proven: true);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                echo.Endpoint.Claim(remote, proven: true);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        });

        Assert.Equal(0, allocated);
    }

    [Fact]
    public async Task The_arrival_of_a_datagram_is_when_it_reached_the_host_however_late_the_loop_reads_it()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { ArrivalTimes = true });
        MediaLoop loop = network.Loops[0];
        Instant arrival = default;
        Instant handled = default;
        int received = 0;
        var handler = new DelegateHandler
        {
            OnDatagram = (Span<byte> _, in TransportAddress _, Instant _) =>
            {
                (arrival, handled) = (loop.ReadArrival(), MonotonicClock.Read());
                received++;
            },
        };
        MediaEndpoint endpoint = await loop.InvokeAsync(() => loop.CreateExclusiveEndpoint(handler, new IPEndPoint(IPAddress.Loopback, 0)));
        using Socket client = TestPeers.UdpClient(endpoint.LocalPort);

        // The kernel begins to stamp a little after the first socket has asked for it: try until it does.
        var held = TimeSpan.FromMilliseconds(5);
        await TestPeers.EventuallyAsync(async () =>
        {
            int before = await loop.InvokeAsync(() => received);
            using var release = new ManualResetEventSlim();
            Task busy = loop.InvokeAsync(release.Wait);
            client.Send(TestPeers.Media(100, 1));
            Instant sent = MonotonicClock.Read();
            SpinWait.SpinUntil(() => MonotonicClock.Read() - sent > held);
            release.Set();
            await busy;
            await TestPeers.EventuallyAsync(() => loop.InvokeAsync(() => received > before));
            return arrival < sent + held / 2 && handled >= sent + held;
        });
    }

    [Fact]
    public async Task What_goes_between_two_loops_is_counted_by_itself()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with { LoopCount = 2 });
        int received = 0;
        var handler = new DelegateHandler { OnDatagram = (Span<byte> _, in TransportAddress _, Instant _) => received++ };
        MediaEndpoint[] ends = await Task.WhenAll(network.Loops.Select(loop => loop.InvokeAsync(() => loop.CreateInnerEndpoint(handler))));
        await network.Loops[0].InvokeAsync(() =>
        {
            PathId path = ends[0].OpenPath(TransportAddress.FromEndPoint(new IPEndPoint(IPAddress.Loopback, ends[1].LocalPort), TransportProtocol.Udp));
            TestPeers.Media(100, 1).CopyTo(ends[0].Reserve(path, 100));
            ends[0].Commit(100);
        });
        await TestPeers.EventuallyAsync(() => network.Loops[1].InvokeAsync(() => received == 1));

        LoopStatistics[] counted = [.. network.Loops.Select(loop => loop.Statistics)];
        Assert.All(counted, loop => Assert.Equal((1, 100, 0, 0), (loop.InnerPackets, loop.InnerBytes, loop.PacketsReceived + loop.PacketsSent, loop.BytesReceived + loop.BytesSent)));
    }

    [Fact]
    public async Task A_loop_says_how_long_it_has_worked_and_not_how_long_it_waited()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        await loop.InvokeAsync(() => Thread.Sleep(200));
        await Task.Delay(200);
        await loop.InvokeAsync(() => { });
        await TestPeers.EventuallyAsync(async () => await loop.InvokeAsync(() => loop.Statistics.Worked) > TimeSpan.Zero);
        Assert.True(loop.Statistics.Worked < TimeSpan.FromMilliseconds(200), $"{loop.Statistics.Worked}");

        await TestPeers.EventuallyAsync(() => loop.InvokeAsync(() =>
        {
            for (Instant until = MonotonicClock.Read() + TimeSpan.FromMilliseconds(50); MonotonicClock.Read() < until;)
            {
                // The time it takes is the work.
            }

            return loop.Statistics.Worked > TimeSpan.FromMilliseconds(200);
        }));
    }

    [Fact]
    public async Task Deadlines_fire_in_order_and_not_early()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        var fired = new List<(int Id, Instant Due, Instant At)>();
        await loop.InvokeAsync(() =>
        {
            foreach (int id in new[] { 3, 1, 2 })
            {
                Instant due = loop.Now + TimeSpan.FromMilliseconds(10 * id);
                loop.CreateTimer(new DelegateDeadline(now => fired.Add((id, due, now)))).Schedule(due);
            }
        });
        await TestPeers.EventuallyAsync(async () => await loop.InvokeAsync(() => fired.Count == 3));

        Assert.Equal([1, 2, 3], fired.Select(f => f.Id));
        Assert.All(fired, f => Assert.True(f.At >= f.Due));
    }

    [Fact]
    public async Task A_watched_state_machine_is_called_at_each_of_its_deadlines_until_unwatched()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        var ticker = new Ticker();
        await loop.InvokeAsync(() =>
        {
            ticker.NextDeadline = loop.Now + TimeSpan.FromMilliseconds(5);
            loop.Schedule(ticker);
        });
        await TestPeers.EventuallyAsync(() => loop.InvokeAsync(() => ticker.Calls >= 3));
        Assert.Equal(0, ticker.Early);

        int calls = await loop.InvokeAsync(() =>
        {
            loop.Unschedule(ticker);
            return ticker.Calls;
        });
        var after = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await loop.InvokeAsync(() =>
            loop.CreateTimer(new DelegateDeadline(_ => after.SetResult())).Schedule(loop.Now + TimeSpan.FromMilliseconds(30)));
        await after.Task;
        Assert.Equal(calls, ticker.Calls);
    }

    [Fact]
    public void A_stopped_loop_takes_no_more_work()
    {
        MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        Assert.True(loop.Post(now => { }));
        network.Dispose();
        Assert.False(loop.Post(now => { }));
    }

    [Fact]
    public async Task A_handler_that_throws_is_counted_and_stops_nobody()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options);
        MediaLoop loop = network.Loops[0];
        Exception? seen = null;
        network.Fault += (_, error) => seen = error;
        string bad = LoopUfrag.Create(0);
        await loop.InvokeAsync(() => loop.CreateEndpoint(new DelegateHandler
        {
            OnDatagram = static (Span<byte> _, in TransportAddress _, Instant _) => throw new InvalidOperationException("bug"),
        }).AddUfrag(bad));
        (_, string good) = await TestPeers.AddEchoAsync(loop);
        using Socket client = TestPeers.UdpClient(network.UdpPort);

        client.Send(TestPeers.StunRequest(bad));
        client.Send(TestPeers.StunRequest(good));

        TestPeers.Receive(client);
        Assert.IsType<InvalidOperationException>(seen);
        Assert.Equal(1, loop.Statistics.HandlerFaults);
    }

    [Fact]
    public async Task Dual_stack_answers_both_families_from_the_address_that_was_asked()
    {
        using MediaNetwork network = TestPeers.Start(TestPeers.Options with
        {
            UdpEndPoint = new IPEndPoint(IPAddress.IPv6Any, 0),
            SourceSelection = true,
        });
        (_, string ufrag) = await TestPeers.AddEchoAsync(network.Loops[0]);

        // A connected socket drops answers from another address than the one it asked: here not the route's favourite.
        foreach (IPAddress target in new[] { IPAddress.Parse("127.0.0.7"), IPAddress.Loopback, IPAddress.IPv6Loopback })
        {
            using var client = new Socket(target.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 5000 };
            client.Connect(target, network.UdpPort);
            client.Send(TestPeers.StunRequest(ufrag));
            Assert.Equal(TestPeers.StunRequest(ufrag), TestPeers.Receive(client));
        }
    }

    private sealed class Ticker : IDeadline
    {
        public Instant NextDeadline { get; set; }

        public int Calls { get; private set; }

        public int Early { get; private set; }

        public void HandleTimeout(Instant now)
        {
            Calls++;
            Early += now < NextDeadline ? 1 : 0;
            NextDeadline = now + TimeSpan.FromMilliseconds(5);
        }
    }

    private sealed class DelegateDeadline(Action<Instant> action) : IDeadlineHandler
    {
        public void OnDeadline(Instant now) => action(now);
    }
}
