using System.Net;
using System.Net.WebSockets;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Sessions;
using BuildIt.Sfu.Signaling.Tests.Join;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Sessions;

public class RtcTests
{
    [Theory]
    [InlineData("/rtc")]
    [InlineData("//rtc")]
    [InlineData("/rtc/v1")]
    public async Task Client_joins_and_is_answered_in_its_format(string path)
    {
        await using var node = await TestNode.StartAsync();
        using var client = await node.ConnectAsync(path);
        var join = (await client.ReceiveAsync())!.Join;
        Assert.Equal("alice", join.Participant.Identity);
        Assert.Equal(WebSocketMessageType.Binary, client.LastType);

        await client.SendJsonAsync(new SignalRequest { PingReq = new Ping { Timestamp = 5 } });
        Assert.Equal(5, (await client.UntilAsync(m => m.PongResp is not null)).PongResp.LastPingTimestamp);
        Assert.Equal(WebSocketMessageType.Text, client.LastType);
        await client.SendAsync(new SignalRequest { PingReq = new Ping { Timestamp = 6 } });
        Assert.Equal(6, (await client.UntilAsync(m => m.PongResp is not null)).PongResp.LastPingTimestamp);
        Assert.Equal(WebSocketMessageType.Binary, client.LastType);
    }

    [Fact]
    public async Task A_large_v1_join_request_fits_into_the_url()
    {
        await using var node = await TestNode.StartAsync();
        var random = new Random(1);
        var sdp = string.Concat(Enumerable.Range(0, 100_000).Select(_ => (char)random.Next('a', 'z')));
        var request = new JoinRequest { ClientInfo = new ClientInfo { Protocol = 17 }, PublisherOffer = new SessionDescription { Sdp = sdp, Id = 3 } };
        var text = Convert.ToBase64String(JoinRequestTests.Wrap(request.ToByteArray(), gzip: true)).Replace('+', '-').Replace('/', '_');
        using var client = await node.ConnectAsync("/rtc/v1", $"join_request={text}");
        Assert.NotNull((await client.ReceiveAsync())!.Join);
        var answer = (await client.UntilAsync(m => m.Answer is not null)).Answer;
        Assert.Equal((3u, "answer to " + sdp), (answer.Id, answer.Sdp));
    }

    [Fact]
    public async Task Messages_are_compressed_when_the_client_can()
    {
        await using var node = await TestNode.StartAsync();
        using var plain = await node.ConnectAsync(token: TestNode.Token("plain"));
        using var client = await node.ConnectAsync(deflate: true);
        Assert.NotNull((await client.ReceiveAsync())!.Join);
        await client.SendAsync(new SignalRequest { UpdateMetadata = new UpdateParticipantMetadata { RequestId = 1, Metadata = new string('m', 100_000) } });
        var update = await client.UntilAsync(m => m.Update?.Participants.Any(p => p.Metadata.Length == 100_000) == true);
        Assert.NotNull(update);
    }

    [Fact]
    public async Task Leaving_closes_the_connection_and_others_are_told()
    {
        await using var node = await TestNode.StartAsync();
        using var bob = await node.ConnectAsync(token: TestNode.Token("bob"));
        using var alice = await node.ConnectAsync();
        await bob.UntilAsync(m => m.Update?.Participants.Any(p => p.Identity == "alice") == true);
        await alice.SendAsync(new SignalRequest { Leave = new LeaveRequest { Reason = DisconnectReason.ClientInitiated } });
        await alice.UntilClosedAsync();
        Assert.Equal(WebSocketCloseStatus.NormalClosure, alice.Socket.CloseStatus);
        await bob.UntilAsync(m => m.Update?.Participants.Any(p => p.Identity == "alice" && p.State == ParticipantInfo.Types.State.Disconnected) == true);
    }

    [Fact]
    public async Task Broken_connection_resumes_with_the_same_sid()
    {
        await using var node = await TestNode.StartAsync();
        using var alice = await node.ConnectAsync();
        var sid = (await alice.ReceiveAsync())!.Join.Participant.Sid;
        var room = node.Media.Rooms.Values.Single();
        node.Media.Post(now => room.Peers[sid].Events.OnReady(now));
        await alice.UntilAsync(m => m.Update?.Participants.Any(p => p.State == ParticipantInfo.Types.State.Active) == true);
        alice.Socket.Abort();

        using var back = await node.ConnectAsync(query: $"protocol=17&reconnect=1&sid={sid}");
        Assert.NotNull((await back.ReceiveAsync())!.Reconnect);
        Assert.Equal(sid, (await back.UntilAsync(m => m.Update is not null)).Update.Participants.Single().Sid);
    }

    [Fact]
    public async Task Resume_of_an_unknown_session_says_reconnect()
    {
        await using var node = await TestNode.StartAsync();
        using var client = await node.ConnectAsync(query: "protocol=17&reconnect=1&sid=PA_gone");
        Assert.Equal(LeaveRequest.Types.Action.Reconnect, (await client.ReceiveAsync())!.Leave.Action);
        await client.UntilClosedAsync();
    }

    public static TheoryData<string, HttpStatusCode, string> Refusals => new()
    {
        { "", HttpStatusCode.Unauthorized, "" },
        { "access_token=junk", HttpStatusCode.Unauthorized, "" },
        { $"access_token={TestNode.Token(identity: "")}", HttpStatusCode.BadRequest, "identity" },
        { $"access_token={TestNode.Token(room: "absent")}", HttpStatusCode.NotFound, "requested room does not exist" },
        { $"access_token={TestNode.Token(room: "present")}", HttpStatusCode.OK, "success" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Validate_gives_status_and_text(string query, HttpStatusCode status, string text)
    {
        await using var node = await TestNode.StartAsync(new LiveKitOptions { Keys = TestNode.Keys, AutoCreate = false });
        await Api.RoomServiceTests.CreateRoomAsync(node, "present");
        foreach (var path in new[] { "/rtc/validate", "/rtc/v1/validate" })
        {
            using var response = await node.Http.GetAsync($"{path}?{query}");
            Assert.Equal(status, response.StatusCode);
            Assert.Contains(text, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        }

        if (status != HttpStatusCode.OK)
        {
            using var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{node.Address.Authority}/rtc?{query}"), CancellationToken.None));
            Assert.Equal(status, socket.HttpStatusCode);
        }
    }

    [Fact]
    public async Task Validation_opens_no_room()
    {
        await using var node = await TestNode.StartAsync();
        Assert.Equal("success", await node.Http.GetStringAsync($"/rtc/validate?access_token={TestNode.Token()}"));
        Assert.Empty(node.Media.Rooms);
    }

    [Fact]
    public async Task Full_node_refuses_new_rooms_only()
    {
        var full = false;
        await using var node = await TestNode.StartAsync(new LiveKitOptions { Keys = TestNode.Keys, AcceptsNewRooms = () => !full });
        using var first = await node.ConnectAsync();
        full = true;
        using var second = await node.ConnectAsync(token: TestNode.Token("bob"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await node.Http.GetAsync($"/rtc/validate?access_token={TestNode.Token(room: "other")}")).StatusCode);
    }

    [Fact]
    public async Task Health_and_preflight_are_answered()
    {
        var healthy = true;
        await using var node = await TestNode.StartAsync(new LiveKitOptions { Keys = TestNode.Keys, Healthy = () => healthy });
        Assert.Equal("OK", await node.Http.GetStringAsync("/"));
        using var head = await node.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/"));
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        healthy = false;
        Assert.Equal(HttpStatusCode.NotAcceptable, (await node.Http.GetAsync("/")).StatusCode);

        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/twirp/livekit.RoomService/ListRooms");
        preflight.Headers.Add("Origin", "https://app.example");
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "authorization");
        using var allowed = await node.Http.SendAsync(preflight);
        Assert.True(allowed.IsSuccessStatusCode);
        Assert.Equal("*", allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        Assert.Equal("86400", allowed.Headers.GetValues("Access-Control-Max-Age").Single());
    }

    [Fact]
    public async Task Oversized_messages_close_the_connection()
    {
        await using var node = await TestNode.StartAsync();
        using var client = await node.ConnectAsync();
        await client.Socket.SendAsync(new byte[SignalConnection.MaxMessage + 1], WebSocketMessageType.Binary, true, CancellationToken.None);
        await client.UntilClosedAsync();
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.Socket.CloseStatus);
    }

    [Fact]
    public async Task A_deflate_bomb_is_cut_at_the_cap()
    {
        await using var node = await TestNode.StartAsync();
        using var client = await node.ConnectAsync(deflate: true);
        await client.Socket.SendAsync(new byte[64 * 1024 * 1024], WebSocketMessageType.Binary, true, CancellationToken.None);
        await client.UntilClosedAsync();
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.Socket.CloseStatus);
    }

    [Fact]
    public async Task Junk_is_ignored_a_few_times_and_then_closes()
    {
        await using var node = await TestNode.StartAsync();
        using var client = await node.ConnectAsync();
        await client.Socket.SendAsync(new byte[] { 0xff, 0xff }, WebSocketMessageType.Binary, true, CancellationToken.None);
        await client.Socket.SendAsync("{\"no\":"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
        await client.SendAsync(new SignalRequest { PingReq = new Ping { Timestamp = 1 } });
        await client.UntilAsync(m => m.PongResp is not null);
        for (var i = 0; i < 10; i++)
        {
            await client.Socket.SendAsync(new byte[] { 0xff, 0xff }, WebSocketMessageType.Binary, true, CancellationToken.None);
        }

        await client.UntilClosedAsync();
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, client.Socket.CloseStatus);
    }

    [Fact]
    public async Task A_flood_is_slowed_down_and_does_not_slow_others()
    {
        await using var node = await TestNode.StartAsync();
        using var flood = await node.ConnectAsync(token: TestNode.Token("flood"));
        using var other = await node.ConnectAsync(token: TestNode.Token("other"));
        await other.ReceiveAsync();
        using var stop = new CancellationTokenSource();
        var ping = new SignalRequest { PingReq = new Ping { Timestamp = 1 } }.ToByteArray();
        var sent = 0;
        var flooding = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await flood.Socket.SendAsync(ping, WebSocketMessageType.Binary, true, CancellationToken.None);
                sent++;
            }
        });
        var answered = 0;
        var counting = Task.Run(async () =>
        {
            while (await flood.ReceiveAsync() is { } message)
            {
                answered += message.PongResp is null ? 0 : 1;
            }
        });

        var clock = System.Diagnostics.Stopwatch.StartNew();
        for (var i = 0; i < 20; i++)
        {
            await other.SendAsync(new SignalRequest { PingReq = new Ping { Timestamp = i } });
            await other.UntilAsync(m => m.PongResp is not null);
        }

        var elapsed = clock.Elapsed;
        await stop.CancelAsync();
        flood.Socket.Abort();
        await Task.WhenAny(Task.WhenAll(flooding, counting), Task.Delay(5000));

        // 500 at once and 100 per second is what one client gets, whatever it sends.
        Assert.InRange(answered, 1, 500 + (100 * (elapsed.TotalSeconds + 1)));
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_cut_off()
    {
        await using var node = await TestNode.StartAsync();
        using var deaf = await node.ConnectAsync(token: TestNode.Token("deaf"));
        var sid = (await deaf.ReceiveAsync())!.Join.Participant.Sid;
        var peer = node.Media.Rooms.Values.Single().Peers[sid];
        node.Media.Post(now => peer.Events.OnReady(now));
        var sdp = new string('x', 100_000);
        for (var i = 0; i < 3000; i++)
        {
            node.Media.Post(now => peer.Events.OnOffer(sdp, new Dictionary<string, string>(), now));
        }

        // It may come back: only the connection is gone, the session is not.
        using var back = await node.ConnectAsync(query: $"protocol=17&reconnect=1&sid={sid}", token: TestNode.Token("deaf"));
        Assert.NotNull((await back.ReceiveAsync())!.Reconnect);
        await deaf.UntilClosedAsync();
        Assert.NotEqual(WebSocketState.Open, deaf.Socket.State);
    }
}
