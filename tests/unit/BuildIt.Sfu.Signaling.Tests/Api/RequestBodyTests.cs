using System.Net;
using System.Net.Sockets;
using System.Text;
using BuildIt.Sfu.Signaling.Api;
using BuildIt.Sfu.Signaling.Tests.Sessions;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Tests.Api;

/// <summary>Requests that say how long their body is and hold it back.</summary>
public sealed class RequestBodyTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string Admin = Token(new VideoGrant { RoomAdmin = true, Room = "room" }, "");

    [Theory]
    [InlineData("CreateRoom")]
    [InlineData("ListRooms")]
    [InlineData("DeleteRoom")]
    [InlineData("ListParticipants")]
    [InlineData("UpdateParticipant")]
    [InlineData("SendData")]
    [InlineData("MoveParticipant")]
    public async Task Whoever_may_not_is_refused_before_the_body_is_there(string method)
    {
        await using var node = await TestNode.StartAsync();
        using var request = await HeldBack.SendAsync(node, method, Token(new VideoGrant { RoomJoin = true, Room = "room" }, "alice"), 1_000_000);
        Assert.StartsWith("HTTP/1.1 403", await request.StatusAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_says_to_be_too_long_is_not_waited_for()
    {
        await using var node = await TestNode.StartAsync();
        using var request = await HeldBack.SendAsync(node, "SendData", Admin, TwirpEndpoint.MaxBody + 1);
        Assert.StartsWith("HTTP/1.1 4", await request.StatusAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_moderator_holds_back_a_few_bodies_and_leaves_places_to_others()
    {
        await using var node = await TestNode.StartAsync();
        var moderator = Token(new VideoGrant { RoomAdmin = true, Room = "room" }, "mallory");
        var held = new List<HeldBack>();
        for (var i = 0; i <= RequestBodies.MaxAtOncePerCaller; i++)
        {
            held.Add(await HeldBack.SendAsync(node, "SendData", moderator, 1000));
        }

        var refused = await await Task.WhenAny(held.Select(request => request.StatusAsync()));
        Assert.StartsWith("HTTP/1.1 429", refused, StringComparison.Ordinal);

        // Somebody else is served meanwhile.
        using var other = new HttpRequestMessage(HttpMethod.Post, "/twirp/livekit.RoomService/ListParticipants")
        {
            Headers = { { "Authorization", "Bearer " + Admin } },
            Content = new StringContent("""{"room":"room"}""", Encoding.UTF8, "application/json"),
        };
        using var answer = await node.Http.SendAsync(other);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        held.ForEach(request => request.Dispose());
    }

    [Fact]
    public async Task A_body_that_never_ends_is_given_up()
    {
        await using var node = await TestNode.StartAsync();
        using var request = await HeldBack.SendAsync(node, "SendData", Admin, 1000);
        Assert.StartsWith("HTTP/1.1 408", await request.StatusAsync(), StringComparison.Ordinal);
    }

    private static string Token(VideoGrant grant, string identity) => TestNode.Token(identity, change: c => c with { Video = grant });

    /// <summary>A request whose last byte does not come.</summary>
    private sealed class HeldBack(TcpClient connection) : IDisposable
    {
        private Task<string>? _status;

        public static async Task<HeldBack> SendAsync(TestNode node, string method, string token, int length)
        {
            var connection = new TcpClient();
            await connection.ConnectAsync(node.Address.Host, node.Address.Port);
            var head = $"POST /twirp/livekit.RoomService/{method} HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {token}\r\n"
                + $"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n" + "{";
            await connection.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
            return new HeldBack(connection);
        }

        /// <summary>The first line of the answer.</summary>
        public Task<string> StatusAsync() => _status ??= ReadAsync();

        public void Dispose() => connection.Dispose();

        private async Task<string> ReadAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            using var reader = new StreamReader(connection.GetStream(), Encoding.ASCII, leaveOpen: true);
            return await reader.ReadLineAsync(patience.Token) ?? "nothing";
        }
    }
}
