using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Network;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Hostile;

/// <summary>Connections that are opened and not used, not read, or written with nonsense.</summary>
[Collection(HostileTestGroup.Name)]
public sealed class HostileConnectionTests(ConferenceFixture conference, ITestOutputHelper output)
{
    private const long MemoryLimit = 100 << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Half_open_connections_keep_nobody_out()
    {
        await using var meeting = conference.NewMeeting();
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        var node = new NodeProcess(conference.Node.Process.Id);
        var before = node.Read();
        await others.StartAsync();
        var connections = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 500; i++)
            {
                connections.Add(await ConnectAsync(new Uri(conference.Node.HttpUrl).Port, "GET /rtc HTTP/1.1\r\nHost: a\r\nX: "u8.ToArray()));
                connections.Add(await ConnectAsync(conference.Node.TcpPort, [0]));
            }

            // In such company others still come in, over UDP and over TCP.
            using var network = new HeadlessNetwork();
            await using var late = await HeadlessParticipant.JoinAsync(Bystanders.Options(conference.Node, network, meeting.Room, "late"));
            var browser = await meeting.JoinAsync("browser", initialScript: Adaptive.MediaRoute.Script(BuildIt.Testing.FreePort.NextUdp(), tcp: true));
            await browser.SeesAndHearsAsync(["speaker"], Patience);
        }
        finally
        {
            connections.ForEach(connection => connection.Dispose());
        }

        await AssertWellAsync(others, "half-open connections", before.Memory, node);
    }

    [Fact]
    public async Task Somebody_who_does_not_read_is_cut_off()
    {
        await using var meeting = conference.NewMeeting();
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        using var signal = await RawSignal.OpenAsync(conference.Node, meeting.Room, "hostile");
        Assert.NotNull((await signal.ReceiveAsync())?.Join);
        var node = new NodeProcess(conference.Node.Process.Id);
        var before = node.Read();
        var cutOff = await LimitedAsync("signal_queue");
        await others.StartAsync();

        // Each change of the track comes back with all that the participant says of itself.
        await signal.SendAsync(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { Metadata = new string('m', 400_000) } });
        await signal.SendAsync(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "cid", Type = TrackType.Video, Source = TrackSource.Camera } });
        string? track = null;
        while (track is null)
        {
            track = (await signal.ReceiveAsync())!.TrackPublished?.Track.Sid;
        }

        using var limit = new CancellationTokenSource(Patience);
        try
        {
            for (uint i = 1; await LimitedAsync("signal_queue") == cutOff; i++)
            {
                await signal.SendAsync(new SignalRequest { UpdateVideoTrack = new UpdateLocalVideoTrack { TrackSid = track, Width = i, Height = i } }, limit.Token);
            }
        }
        catch (WebSocketException)
        {
            // Cut off while sending.
        }

        await UntilAsync(async () => await LimitedAsync("signal_queue") > cutOff);
        await AssertWellAsync(others, "a client that does not read", before.Memory, node);
    }

    [Fact]
    public async Task Nonsense_ends_the_connection()
    {
        await using var meeting = conference.NewMeeting();
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        using var signal = await RawSignal.OpenAsync(conference.Node, meeting.Room, "hostile");
        var node = new NodeProcess(conference.Node.Process.Id);
        var before = node.Read();
        var malformed = await LimitedAsync("malformed");
        await others.StartAsync();
        var random = new Random(5);
        for (var i = 0; i < 20; i++)
        {
            var message = new byte[1000];
            random.NextBytes(message);
            // Field number 0 does not exist: no parser takes it.
            message[0] = 0;
            try
            {
                await signal.SendAsync(message);
            }
            catch (WebSocketException)
            {
                break;
            }
        }

        using var limit = new CancellationTokenSource(Patience);
        while (await signal.ReceiveAsync(limit.Token) is not null)
        {
        }

        Assert.Equal(malformed + 1, await LimitedAsync("malformed"));
        await AssertWellAsync(others, "nonsense", before.Memory, node);
    }

    [Fact]
    public async Task An_offer_larger_than_any_client_needs_ends_the_session()
    {
        await using var meeting = conference.NewMeeting();
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        using var network = new HeadlessNetwork();
        await using var hostile = await HeadlessParticipant.JoinAsync(Bystanders.Options(conference.Node, network, meeting.Room, "hostile"));
        var node = new NodeProcess(conference.Node.Process.Id);
        var before = node.Read();
        var refused = await LimitedAsync("description");
        await others.StartAsync();

        await hostile.SendOfferAsync(sdp => Floods.Swollen(sdp, 400));

        await hostile.Ended.WaitAsync(Patience);
        Assert.Equal(refused + 1, await LimitedAsync("description"));
        await AssertWellAsync(others, "an offer of 1.2 MB", before.Memory, node);
    }

    [Fact]
    public async Task Somebody_who_does_not_acknowledge_data_keeps_it_from_nobody()
    {
        await using var meeting = conference.NewMeeting();
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        using var network = new HeadlessNetwork();
        await using var hostile = await HeadlessParticipant.JoinAsync(Bystanders.Options(conference.Node, network, meeting.Room, "hostile"));
        var received = new ConcurrentQueue<int>();
        others.Listener.DataReceived += (_, packet) => received.Enqueue(packet.User.Payload.Length);
        await hostile.IgnoreDataAsync();
        var node = new NodeProcess(conference.Node.Process.Id);
        var before = node.Read();
        await others.StartAsync();

        const int Messages = 200;
        for (var i = 0; i < Messages; i++)
        {
            Assert.True(await others.Speaker.SendDataAsync(new byte[40_000]), "the speaker's own buffer is full");
            await UntilAsync(() => Task.FromResult(received.Count > i));
        }

        Assert.Equal(Messages, received.Count);
        Assert.All(received, length => Assert.Equal(40_000, length));
        await AssertWellAsync(others, "a client that acknowledges no data", before.Memory, node);
    }

    [Fact]
    public async Task Joining_again_and_again_leaves_one_session()
    {
        await using var meeting = conference.NewMeeting();
        await using var others = await Bystanders.JoinAsync(conference.Node, meeting.Room);
        var node = new NodeProcess(conference.Node.Process.Id);
        var before = node.Read();
        await others.StartAsync();
        var signals = new List<RawSignal>();
        try
        {
            for (var i = 0; i < 200; i++)
            {
                signals.Add(await RawSignal.OpenAsync(conference.Node, meeting.Room, "hostile"));
            }

            await UntilAsync(() => Task.FromResult(others.Speaker.Others.Values.Select(p => p.Identity).Order().SequenceEqual(["hostile", "listener"])));
        }
        finally
        {
            signals.ForEach(signal => signal.Dispose());
        }

        await UntilAsync(() => Task.FromResult(others.Speaker.Others.Values.Select(p => p.Identity).SequenceEqual(["listener"])));
        await AssertWellAsync(others, "200 sessions of one participant", before.Memory, node);
    }

    private static async Task<TcpClient> ConnectAsync(int port, byte[] bytes)
    {
        var client = new TcpClient(AddressFamily.InterNetwork);
        await client.ConnectAsync(IPAddress.Loopback, port);
        await client.GetStream().WriteAsync(bytes);
        return client;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private async Task<double> LimitedAsync(string limit) => (await MetricsSnapshot.ReadAsync(conference.Node)).Sum("buildit_sfu_limited_total", $"\"{limit}\"");

    private async Task AssertWellAsync(Bystanders others, string trouble, long memoryBefore, NodeProcess node)
    {
        var reception = await others.StopAsync();
        var memory = node.Read().Memory;
        output.WriteLine($"{trouble}: {reception}; memory {memoryBefore >> 20} to {memory >> 20} MiB");
        Assert.True(reception.Lost == 0 && reception.Faults == 0, reception.ToString());
        Assert.True(reception.GoesOn(TimeSpan.FromSeconds(1)), reception.ToString());
        Assert.True(memory - memoryBefore < MemoryLimit, $"the node grew from {memoryBefore >> 20} MiB to {memory >> 20} MiB");
        Assert.Equal(0, (await MetricsSnapshot.ReadAsync(conference.Node)).Sum("buildit_sfu_handler_faults_total"));
    }
}
