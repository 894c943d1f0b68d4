using System.Net;
using System.Net.Http.Headers;
using System.Text;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms;
using BuildIt.Sfu.Signaling.Routing;
using BuildIt.Sfu.Signaling.Sessions;
using BuildIt.Sfu.Signaling.Tokens;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Sfu.Signaling.Tests.Sessions;

public class NodeProxyTests
{
    [Fact]
    public async Task Clients_and_requests_reach_the_node_that_serves_the_room()
    {
        await using var origin = await TestNode.StartAsync();
        await using var front = await StartFrontAsync(origin.Address);
        using var alice = await front.ConnectAsync();
        Assert.Equal("alice", (await alice.ReceiveAsync())!.Join.Participant.Identity);
        Assert.Empty(front.Media.Rooms);
        await alice.SendAsync(new SignalRequest { PingReq = new Ping { Timestamp = 3 } });
        await alice.UntilAsync(m => m.PongResp?.LastPingTimestamp == 3);

        var token = new TokenSigner(TestNode.Keys).Sign(
            new AccessClaims { Issuer = "devkey", Video = new VideoGrant { RoomAdmin = true, Room = "room" } }, DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/twirp/livekit.RoomService/RemoveParticipant")
        {
            Content = new StringContent("""{"room":"room","identity":"alice"}""", Encoding.UTF8, "application/json"),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
        };
        using var response = await front.Http.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(DisconnectReason.ParticipantRemoved, (await alice.UntilAsync(m => m.Leave is not null)).Leave.Reason);
        await alice.UntilClosedAsync();
    }

    [Fact]
    public async Task Nodes_that_disagree_do_not_pass_a_client_in_circles()
    {
        Uri? second = null;
        await using var a = await StartFrontAsync(() => second!);
        await using var b = await StartFrontAsync(a.Address);
        second = b.Address;
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<System.Net.WebSockets.WebSocketException>(() =>
            socket.ConnectAsync(new Uri($"ws://{a.Address.Authority}/rtc?access_token={TestNode.Token()}"), CancellationToken.None));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, socket.HttpStatusCode);
    }

    private static Task<TestNode> StartFrontAsync(Uri node) => StartFrontAsync(() => node);

    private static Task<TestNode> StartFrontAsync(Func<Uri> node) => TestNode.StartAsync(services: services =>
    {
        services.AddSingleton<IRoomRouter>(new ElsewhereRouter(node));
        services.AddSingleton<INodeProxy>(new NodeProxy(new HttpMessageInvoker(new SocketsHttpHandler()), TimeProvider.System));
    });

    private sealed class ElsewhereRouter(Func<Uri> node) : IRoomRouter
    {
        public ValueTask<RoomLocation> RouteAsync(string name, RouteIntent intent, RoomConfiguration? configuration, CancellationToken cancel) =>
            ValueTask.FromResult<RoomLocation>(new RoomLocation.Remote(node()));

        public ValueTask<IReadOnlyList<Signaling.Protocol.Room>> ListAsync(IReadOnlyCollection<string> names, CancellationToken cancel) =>
            ValueTask.FromResult<IReadOnlyList<Signaling.Protocol.Room>>([]);
    }
}
