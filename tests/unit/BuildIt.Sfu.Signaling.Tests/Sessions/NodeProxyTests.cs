using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using BuildIt.Sfu.Signaling.Protocol;
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

    [Fact]
    public async Task A_node_that_lives_and_broke_off_before_it_answered_is_asked_once_more()
    {
        await using var origin = await TestNode.StartAsync();
        using var door = new TcpListener(IPAddress.Loopback, 0);
        door.Start();
        var relaying = RelayAllButTheFirstAsync(door, origin.Address);
        await using (var front = await StartFrontAsync(new Uri($"http://{door.LocalEndpoint}")))
        {
            using var alice = await front.ConnectAsync();
            Assert.Equal("alice", (await alice.ReceiveAsync())!.Join.Participant.Identity);
        }

        door.Stop();
        Assert.True(await relaying > 1);
    }

    /// <summary>Resets the first connection when its request has come, and passes all others on.</summary>
    /// <returns>How many there were.</returns>
    private static async Task<int> RelayAllButTheFirstAsync(TcpListener door, Uri node)
    {
        var (count, passing) = (0, new List<Task>());
        try
        {
            while (true)
            {
                var client = await door.AcceptTcpClientAsync();
                if (count++ > 0)
                {
                    passing.Add(PassAsync(client));
                    continue;
                }

                await client.GetStream().ReadExactlyAsync(new byte[1]);
                client.Client.Close(timeout: 0);
            }
        }
        catch (SocketException)
        {
            // Stopped.
        }

        await Task.WhenAll(passing);
        return count;

        async Task PassAsync(TcpClient client)
        {
            using var near = client;
            using var far = new TcpClient();
            await far.ConnectAsync(node.Host, node.Port);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream()), far.GetStream().CopyToAsync(near.GetStream()));
        }
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
