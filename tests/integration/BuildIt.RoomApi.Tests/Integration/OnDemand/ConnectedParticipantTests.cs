using System.Net;
using System.Net.WebSockets;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using Google.Protobuf;

namespace BuildIt.RoomApi.Tests.Integration.OnDemand;

/// <summary>What the room API decides about somebody who is connected to a real node.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class ConnectedParticipantTests(RoomApiFixture api, OnDemandRegion region) : IClassFixture<OnDemandRegion>, IAsyncLifetime
{
    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();
    private string _room = "";
    private string _id = "";
    private string _token = "";

    public async Task InitializeAsync()
    {
        await region.ReadyAsync();
        _room = await api.CreateRoomAsync(_host);
        var joined = (await api.A.PostAsync(_guest, $"/v1/rooms/{_room}/join")).Expect(HttpStatusCode.OK);
        (_id, _token) = (joined.Text("participantId"), joined.Text("joinToken"));
    }

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task Whoever_is_put_out_of_a_call_is_disconnected_and_stays_out_when_everything_was_restarted()
    {
        using var network = new HeadlessNetwork();
        var hostToken = (await api.A.PostAsync(_host, $"/v1/rooms/{_room}/join")).Expect(HttpStatusCode.OK).Text("joinToken");
        await using var host = await JoinAsync(network, region.Owner, hostToken);
        await using var guest = await JoinAsync(network, region.Other, _token);
        await guest.PublishVideoAsync(new VideoPublication { Layers = 1 });
        await RoomApiFixture.EventuallyAsync(async () => (await host.GetStatisticsAsync()).Received.Sum(track => track.Frames) > 5);
        LeaveRequest? leave = null;
        guest.SignalReceived += message => leave = message.Leave ?? leave;

        var answer = api.B.PostAsync(_host, $"/v1/rooms/{_room}/participants/{_id}/revoke");
        await guest.Ended.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(DisconnectReason.ParticipantRemoved, leave!.Reason);
        Assert.True((await answer).Expect(HttpStatusCode.OK).Json.GetProperty("applied").GetBoolean());
        await RoomApiFixture.EventuallyAsync(() => Task.FromResult(!host.Others.ContainsKey(_id)));
        Assert.True(host.IsActive);
        await AssertOutAsync(api.A);

        await using var fresh = await api.StartReplicaAsync();
        await region.RestartOwnerAsync(_room);
        using (var back = await region.Other.ConnectAsync(hostToken))
        {
            Assert.NotNull(await RegionNode.UntilAsync(back, message => message.Join is not null));
        }

        await AssertOutAsync(fresh);
    }

    [Fact]
    public async Task Whoever_is_demoted_stays_and_may_not_send_and_their_old_token_is_worthless()
    {
        var (guest, token, early) = await DemotedAsync();
        using var connected = guest;
        var refreshed = await RefreshedAsync(guest);
        await Assert.ThrowsAsync<WebSocketException>(() => region.Owner.ConnectAsync(token));
        await Assert.ThrowsAsync<WebSocketException>(() => region.Owner.ConnectAsync(early));

        // Nodes read revocations every second: when somebody else is out by that, this one was passed over.
        var other = new NostrSigner();
        var joined = (await api.A.PostAsync(other, $"/v1/rooms/{_room}/join")).Expect(HttpStatusCode.OK);
        using var second = await region.Other.ConnectAsync(joined.Text("joinToken"));
        Assert.NotNull(await RegionNode.UntilAsync(second, message => message.Join is not null));
        (await api.A.PostAsync(_host, $"/v1/rooms/{_room}/participants/{joined.Text("participantId")}/revoke")).Expect(HttpStatusCode.OK);
        Assert.NotNull(await RegionNode.UntilAsync(second, message => message.Leave is not null));
        await guest.SendAsync(new SignalRequest { PingReq = new Ping { Timestamp = 7 } }.ToByteArray(), WebSocketMessageType.Binary, true, CancellationToken.None);
        Assert.NotNull(await RegionNode.UntilAsync(guest, message => message.PongResp?.LastPingTimestamp == 7));

        // The token that the node gave with the new rights counts.
        using var again = await region.Owner.ConnectAsync(refreshed);
        var permission = (await RegionNode.UntilAsync(again, message => message.Join is not null))!.Join.Participant.Permission;
        Assert.False(permission.CanPublish);
    }

    private static Task<HeadlessParticipant> JoinAsync(HeadlessNetwork network, RegionNode node, string token) => HeadlessParticipant.JoinAsync(new HeadlessOptions
    {
        Url = node.Signal,
        Token = token,
        Network = network,
        SinglePeerConnection = false,
        Key = FrameKey.FromSecret("the key of a test's participants"u8),
    });

    /// <summary>
    /// Somebody who is connected and whose node made a viewer of them, with their token and the one that the node gave them before.
    /// A node that a busy machine keeps from answering within its limit has them put out instead: then somebody else is tried.
    /// </summary>
    private async Task<(ClientWebSocket Connection, string Token, string Early)> DemotedAsync()
    {
        (ClientWebSocket, string, string)? found = null;
        await RoomApiFixture.EventuallyAsync(
            async () =>
            {
                var joined = (await api.A.PostAsync(new NostrSigner(), $"/v1/rooms/{_room}/join")).Expect(HttpStatusCode.OK);
                var token = joined.Text("joinToken");
                var connection = await region.Other.ConnectAsync(token);
                Assert.NotNull(await RegionNode.UntilAsync(connection, message => message.Join is not null));

                // The node gives everybody a token of its own soon after they have joined.
                var early = await RefreshedAsync(connection);
                var demoted = (await api.B.PostAsync(_host, $"/v1/rooms/{_room}/participants/{joined.Text("participantId")}/role", new { role = "viewer" }));
                Assert.Equal("done" == demoted.Text("effect") ? HttpStatusCode.OK : HttpStatusCode.Accepted, demoted.Status);
                if (demoted.Json.GetProperty("applied").GetBoolean())
                {
                    found = (connection, token, early);
                    return true;
                }

                Assert.NotNull(await RegionNode.UntilAsync(connection, message => message.Leave is not null));
                connection.Dispose();
                return false;
            },
            TimeSpan.FromSeconds(60));
        return found!.Value;
    }

    private static async Task<string> RefreshedAsync(ClientWebSocket client) =>
        (await RegionNode.UntilAsync(client, message => message.MessageCase == SignalResponse.MessageOneofCase.RefreshToken))!.RefreshToken;

    /// <summary>The guest's token opens no room, and there is no new one.</summary>
    private async Task AssertOutAsync(Replica replica)
    {
        await Assert.ThrowsAsync<WebSocketException>(() => region.Owner.ConnectAsync(_token));
        await Assert.ThrowsAsync<WebSocketException>(() => region.Other.ConnectAsync(_token));
        foreach (var way in (string[])["join", "refresh"])
        {
            Assert.Equal("revoked", (await replica.PostAsync(_guest, $"/v1/rooms/{_room}/{way}")).Expect(HttpStatusCode.Forbidden).Problem);
        }
    }
}
