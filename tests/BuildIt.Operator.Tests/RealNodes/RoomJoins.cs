using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Sfu.TestClient.Signalling;

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
    public static async Task<Served?> TryAsync(NodeProcess through, string room, string identity)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var socket = new ClientWebSocket();
        try
        {
            var token = RoomToken.Create(NodeProcess.ApiKey, NodeProcess.ApiSecret, room, identity);
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
        var token = RoomToken.Create(NodeProcess.ApiKey, NodeProcess.ApiSecret, room, identity);
        using var response = await http.GetAsync(new Uri(through.Signal, $"/rtc/validate?protocol=17&access_token={token}"));
        return (int)response.StatusCode;
    }

    /// <summary>Ends a room as an application's backend does, with RoomService.DeleteRoom: the status.</summary>
    public static async Task<int> DeleteAsync(NodeProcess through, string room)
    {
        var claims = new AccessClaims { Issuer = NodeProcess.ApiKey, Identity = "backend", Video = new VideoGrant { RoomCreate = true } };
        var token = new TokenSigner(ApiKeys.Single(NodeProcess.ApiKey, NodeProcess.ApiSecret)).Sign(claims, DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(through.Signal, "/twirp/livekit.RoomService/DeleteRoom")) { Content = JsonContent.Create(new { room }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request);
        return (int)response.StatusCode;
    }

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
