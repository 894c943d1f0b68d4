using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>Who let a newcomer in.</summary>
/// <param name="Session">The sid of the room as that node opened it: another one each time a node takes the room.</param>
/// <param name="Node">That node's own id.</param>
internal readonly record struct Served(string Session, string Node);

/// <summary>Joins rooms over real WebSockets as a client does, only to see who answers.</summary>
internal static class RoomJoins
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Joins through a node and leaves again; null when nobody lets the newcomer in.</summary>
    /// <param name="through">The node.</param>
    /// <param name="room">The room.</param>
    /// <param name="identity">Who.</param>
    /// <param name="mayCreate">The token allows the room to be created.</param>
    /// <param name="patience">How long to wait for an answer; a few seconds when left out.</param>
    public static async Task<Served?> TryAsync(NodeProcess through, string room, string identity, bool mayCreate = false, TimeSpan? patience = null)
    {
        using var limit = new CancellationTokenSource(patience ?? Patience);
        using var socket = new ClientWebSocket();
        try
        {
            var token = Token(identity, new VideoGrant { RoomJoin = true, RoomCreate = mayCreate, Room = room });
            await socket.ConnectAsync(new Uri($"ws://{through.Signal.Authority}/rtc?protocol=17&access_token={token}"), limit.Token);
            var joined = await FirstAsync(socket, limit.Token);
            return joined is null ? null : new Served(joined.Room.Sid, joined.ServerInfo.NodeId);
        }
        catch (Exception refused) when (refused is WebSocketException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>What a browser asks when its WebSocket failed: the status.</summary>
    public static async Task<int> ValidateAsync(NodeProcess through, string room, string identity)
    {
        using var http = new HttpClient { Timeout = Patience };
        var token = Token(identity, new VideoGrant { RoomJoin = true, Room = room });
        using var response = await http.GetAsync(new Uri(through.Signal, $"/rtc/validate?protocol=17&access_token={token}"));
        return (int)response.StatusCode;
    }

    /// <summary>Ends a room as an application's backend does, with RoomService.DeleteRoom: the status.</summary>
    public static async Task<int> DeleteAsync(NodeProcess through, string room) =>
        (await CallAsync(through, "DeleteRoom", new { room }, new VideoGrant { RoomCreate = true })).Status;

    /// <summary>Calls a method of RoomService as an application's backend does.</summary>
    public static async Task<(int Status, string Body)> CallAsync(NodeProcess through, string method, object body, VideoGrant grant)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(through.Signal, $"/twirp/livekit.RoomService/{method}")) { Content = JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token("backend", grant));
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static string Token(string identity, VideoGrant grant) => new TokenSigner(ApiKeys.Single(NodeProcess.ApiKey, NodeProcess.ApiSecret)).Sign(
        new AccessClaims { Issuer = NodeProcess.ApiKey, Identity = identity, Video = grant }, DateTimeOffset.UtcNow, TokenSigner.DefaultLifetime);

    private static async Task<JoinResponse?> FirstAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        var buffer = new byte[256 * 1024];
        var length = 0;
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            length += result.Count;
            if (result.EndOfMessage)
            {
                return SignalResponse.Parser.ParseFrom(buffer.AsSpan(0, length)).Join;
            }
        }
    }
}
