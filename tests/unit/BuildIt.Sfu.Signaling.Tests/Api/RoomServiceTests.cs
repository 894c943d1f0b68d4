using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tests.Sessions;
using BuildIt.Sfu.Signaling.Tokens;
using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Tests.Api;

public class RoomServiceTests
{
    private static readonly VideoGrant Creator = new() { RoomCreate = true, RoomList = true };
    private static readonly VideoGrant Admin = new() { RoomAdmin = true, Room = "room" };

    internal static async Task CreateRoomAsync(TestNode node, string name) =>
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(node, Creator, "CreateRoom", $$"""{"name":"{{name}}"}""")).Status);

    [Fact]
    public async Task Rooms_are_created_listed_changed_and_deleted()
    {
        await using var node = await TestNode.StartAsync();
        var (_, created) = await PostAsync(node, Creator, "CreateRoom", """{"name":"room","emptyTimeout":60,"max_participants":7,"departure_timeout":9,"metadata":"m","unknown":1}""");
        Assert.Equal((60, 7, 9, "m"), (Number(created, "emptyTimeout"), Number(created, "maxParticipants"), Number(created, "departureTimeout"), Text(created, "metadata")));
        Assert.StartsWith("RM_", Text(created, "sid"), StringComparison.Ordinal);

        var (_, again) = await PostAsync(node, Creator, "CreateRoom", """{"name":"room"}""");
        Assert.Equal(Text(created, "sid"), Text(again, "sid"));
        await CreateRoomAsync(node, "second");
        var (_, all) = await PostAsync(node, Creator, "ListRooms", "{}");
        Assert.Equal(2, all.GetProperty("rooms").GetArrayLength());
        var (_, one) = await PostAsync(node, Creator, "ListRooms", """{"names":["second"]}""");
        Assert.Equal("second", Text(one.GetProperty("rooms")[0], "name"));

        var (_, changed) = await PostAsync(node, Admin, "UpdateRoomMetadata", """{"room":"room","metadata":"new"}""");
        Assert.Equal("new", Text(changed, "metadata"));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(node, Creator, "DeleteRoom", """{"room":"room"}""")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(node, Creator, "DeleteRoom", """{"room":"room"}""")).Status);
        using var late = await node.ConnectAsync();
        Assert.NotEqual(Text(created, "sid"), (await late.ReceiveAsync())!.Join.Room.Sid);
    }

    [Fact]
    public async Task Participants_are_moderated()
    {
        await using var node = await TestNode.StartAsync();
        using var alice = await node.ConnectAsync();
        var sid = (await alice.ReceiveAsync())!.Join.Participant.Sid;
        await alice.SendAsync(new SignalRequest { AddTrack = new AddTrackRequest { Cid = "c", Type = TrackType.Video, Source = TrackSource.Camera } });
        var track = (await alice.UntilAsync(m => m.TrackPublished is not null)).TrackPublished.Track.Sid;
        var peer = node.Media.Rooms.Values.Single().Peers[sid];
        node.Media.Post(now => peer.Events.OnTrackNegotiated(new TrackSid(track), "c", "1", "video/VP8", now));

        var (_, list) = await PostAsync(node, Admin, "ListParticipants", """{"room":"room"}""");
        Assert.Equal("alice", Text(list.GetProperty("participants")[0], "identity"));
        var (_, got) = await PostAsync(node, Admin, "GetParticipant", """{"room":"room","identity":"alice"}""");
        Assert.Equal(track, Text(got.GetProperty("tracks")[0], "sid"));

        var (_, muted) = await PostAsync(node, Admin, "MutePublishedTrack", $$"""{"room":"room","identity":"alice","track_sid":"{{track}}","muted":true}""");
        Assert.True(muted.GetProperty("track").GetProperty("muted").GetBoolean());
        Assert.True((await alice.UntilAsync(m => m.Mute is not null)).Mute.Muted);
        var (status, error) = await PostAsync(node, Admin, "MutePublishedTrack", $$"""{"room":"room","identity":"alice","trackSid":"{{track}}"}""");
        Assert.Equal((HttpStatusCode.PreconditionFailed, "failed_precondition"), (status, Text(error, "code")));

        var (_, updated) = await PostAsync(node, Admin, "UpdateParticipant", """{"room":"room","identity":"alice","name":"Al","attributes":{"a":"1"},"permission":{"canSubscribe":true}}""");
        Assert.Equal("Al", Text(updated, "name"));
        Assert.Equal(track, (await alice.UntilAsync(m => m.TrackUnpublished is not null)).TrackUnpublished.TrackSid);

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(node, Admin, "UpdateSubscriptions", """{"room":"room","identity":"alice","trackSids":["TR_1"],"subscribe":false}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(node, Admin, "SendData", """{"room":"room","data":"aGk=","kind":"RELIABLE","topic":"t"}""")).Status);
        var packet = DataPacket.Parser.ParseFrom(peer.Sent.Single().Message);
        Assert.Equal(("hi", "t"), (packet.User.Payload.ToStringUtf8(), packet.User.Topic));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(node, Admin, "RemoveParticipant", """{"room":"room","identity":"alice"}""")).Status);
        Assert.Equal(DisconnectReason.ParticipantRemoved, (await alice.UntilAsync(m => m.Leave is not null)).Leave.Reason);
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(node, Admin, "GetParticipant", """{"room":"room","identity":"alice"}""")).Status);
    }

    [Fact]
    public async Task A_call_returns_what_the_participant_answers()
    {
        await using var node = await TestNode.StartAsync();
        using var alice = await node.ConnectAsync();
        var sid = (await alice.ReceiveAsync())!.Join.Participant.Sid;
        var peer = node.Media.Rooms.Values.Single().Peers[sid];
        var calling = PostAsync(node, Admin, "PerformRpc", """{"room":"room","destinationIdentity":"alice","method":"m","payload":"p","responseTimeoutMs":15000}""");
        var answered = new TaskCompletionSource();

        void Answer(Instant now)
        {
            if (peer.Sent.Count == 0)
            {
                node.Media.Post(Answer);
                return;
            }

            var request = DataPacket.Parser.ParseFrom(peer.Sent[0].Message).RpcRequest;
            var response = new DataPacket { RpcResponse = new RpcResponse { RequestId = request.Id, Payload = "got " + request.Payload } };
            peer.Events.OnData(DataChannelKind.Reliable, response.ToByteArray(), now);
            answered.SetResult();
        }

        node.Media.Post(Answer);
        await answered.Task;
        Assert.Equal("got p", Text((await calling).Body, "payload"));
    }

    [Fact]
    public async Task Protobuf_is_answered_in_protobuf()
    {
        await using var node = await TestNode.StartAsync();
        using var request = Request(Creator, "CreateRoom");
        request.Content = new ByteArrayContent(new CreateRoomRequest { Name = "room" }.ToByteArray());
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/protobuf");
        using var response = await node.Http.SendAsync(request);
        Assert.Equal("application/protobuf", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("room", Signaling.Protocol.Room.Parser.ParseFrom(await response.Content.ReadAsByteArrayAsync()).Name);
    }

    public static TheoryData<VideoGrant?, string, string, HttpStatusCode, string> Errors => new()
    {
        { null, "livekit.RoomService/ListRooms", "{}", HttpStatusCode.Unauthorized, "unauthenticated" },
        { Admin, "livekit.RoomService/ListRooms", "{}", HttpStatusCode.Forbidden, "permission_denied" },
        { Admin, "livekit.RoomService/CreateRoom", """{"name":"x"}""", HttpStatusCode.Forbidden, "permission_denied" },
        { Admin, "livekit.RoomService/ListParticipants", """{"room":"other"}""", HttpStatusCode.Forbidden, "permission_denied" },
        { Admin, "livekit.RoomService/ListParticipants", """{"room":"room"}""", HttpStatusCode.NotFound, "not_found" },
        { Creator, "livekit.RoomService/CreateRoom", "{}", HttpStatusCode.BadRequest, "invalid_argument" },
        { Creator, "livekit.RoomService/CreateRoom", "{", HttpStatusCode.BadRequest, "malformed" },
        { Creator, "livekit.RoomService/Nothing", "{}", HttpStatusCode.NotFound, "bad_route" },
        { Creator, "livekit.Nothing/Nothing", "{}", HttpStatusCode.NotFound, "bad_route" },
        { Creator, "livekit.Egress/ListEgress", "{}", HttpStatusCode.NotImplemented, "unimplemented" },
        { Creator, "livekit.SIP/ListSIPTrunk", "{}", HttpStatusCode.NotImplemented, "unimplemented" },
        { Admin, "livekit.RoomService/MoveParticipant", """{"room":"room"}""", HttpStatusCode.NotImplemented, "unimplemented" },
        { Admin, "livekit.RoomService/ForwardParticipant", """{"room":"room"}""", HttpStatusCode.NotImplemented, "unimplemented" },
    };

    [Theory]
    [MemberData(nameof(Errors))]
    public async Task Errors_have_their_code_and_status(VideoGrant? grant, string path, string body, HttpStatusCode status, string code)
    {
        await using var node = await TestNode.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/twirp/" + path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (grant is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token(grant));
        }

        using var response = await node.Http.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(code, Text(error, "code"));
        Assert.NotEmpty(Text(error, "msg"));
        Assert.Equal(JsonValueKind.Object, error.GetProperty("meta").ValueKind);
    }

    [Fact]
    public async Task Oversized_bodies_are_refused()
    {
        await using var node = await TestNode.StartAsync();
        using var request = Request(Creator, "CreateRoom");
        request.Headers.ExpectContinue = true; // The answer comes before the body is sent.
        request.Content = new StringContent($$"""{"name":"{{new string('x', 11 * 1024 * 1024)}}"}""", Encoding.UTF8, "application/json");
        using var response = await node.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
    }

    private static string Token(VideoGrant grant) =>
        new TokenSigner(TestNode.Keys).Sign(new AccessClaims { Issuer = "devkey", Video = grant }, DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));

    private static HttpRequestMessage Request(VideoGrant grant, string method) => new(HttpMethod.Post, "/twirp/livekit.RoomService/" + method)
    {
        Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token(grant)) },
    };

    internal static async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(TestNode node, VideoGrant grant, string method, string json)
    {
        using var request = Request(grant, method);
        request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await node.Http.SendAsync(request);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
