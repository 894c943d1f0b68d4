using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Testing;

namespace BuildIt.RoomApi.Tests.Integration.OnDemand;

/// <summary>A real node of a fleet, in a process of its own.</summary>
internal sealed class RegionNode : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TokenSigner Tokens = new(ApiKeys.Single(RoomApiFixture.Key.Name, RoomApiFixture.Secret));

    private readonly NodeProgram _program;
    private readonly HttpClient _http = new();

    private RegionNode(NodeId id, NodeProgram program)
    {
        Id = id;
        _program = program;
    }

    public NodeId Id { get; }

    public Uri Signal => _program.Signal;

    /// <param name="name">Its name.</param>
    /// <param name="api">The region's Redis and namespace.</param>
    /// <param name="roomApi">Where it has rooms created.</param>
    /// <param name="signedWith">The secret of the key that it signs with; everybody's when left out.</param>
    public static async Task<RegionNode> StartAsync(string name, RoomApiFixture api, string roomApi, string signedWith = RoomApiFixture.Secret)
    {
        const string Own = "nodekey";
        var keys = Directory.CreateTempSubdirectory("buildit-keys-");
        await File.WriteAllTextAsync(Path.Combine(keys.FullName, RoomApiFixture.Key.Name), RoomApiFixture.Secret);
        await File.WriteAllTextAsync(Path.Combine(keys.FullName, Own), signedWith);
        var program = await NodeProgram.StartAsync(
            new Dictionary<string, string?>
            {
                [NodeEnvironment.Instance] = name,
                [NodeEnvironment.Namespace] = api.Namespace,
                [NodeEnvironment.Cluster] = "eu",
                [NodeEnvironment.Region] = "eu-west-1",
                [NodeEnvironment.RedisAddresses] = api.Redis.Address,
                [NodeEnvironment.ApiKeysDirectory] = keys.FullName,
                [NodeEnvironment.RoomApi] = roomApi,

                // Also names the key that a node signs everything with.
                [NodeEnvironment.Prefix + "WEBHOOK_KEY"] = signedWith == RoomApiFixture.Secret ? RoomApiFixture.Key.Name : Own,
            },
            ["--tcp-port", "-1"]);
        keys.Delete(recursive: true);
        return new RegionNode(new NodeId(name), program);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _program.DisposeAsync();
    }

    /// <summary>Joins; gives the room's name as the server tells it, or null and the status of the refusal.</summary>
    public async Task<(string? Room, HttpStatusCode Status)> JoinAsync(string room, string identity, bool mayCreate)
    {
        using var socket = new ClientWebSocket();
        socket.Options.CollectHttpResponseDetails = true;
        var token = Token(new VideoGrant { RoomJoin = true, Room = room, RoomCreate = mayCreate }, identity);
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await socket.ConnectAsync(new Uri($"ws://{Signal.Authority}/rtc?protocol=17&access_token={token}"), limit.Token);
        }
        catch (WebSocketException)
        {
            return (null, socket.HttpStatusCode);
        }

        var buffer = new byte[256 * 1024];
        var received = await socket.ReceiveAsync(buffer, limit.Token);
        return (SignalResponse.Parser.ParseFrom(buffer, 0, received.Count).Join.Room.Name, socket.HttpStatusCode);
    }

    /// <summary>Connects with a token of the room API; throws <see cref="WebSocketException"/> when the node refuses.</summary>
    public async Task<ClientWebSocket> ConnectAsync(string token)
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new Uri($"ws://{Signal.Authority}/rtc?protocol=17&access_token={token}"), CancellationToken.None);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Reads until a message matches. Null when the connection ended before.</summary>
    public static async Task<SignalResponse?> UntilAsync(ClientWebSocket socket, Func<SignalResponse, bool> matches)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        var buffer = new byte[256 * 1024];
        while (await socket.ReceiveAsync(buffer, limit.Token) is { MessageType: not WebSocketMessageType.Close } received)
        {
            var message = SignalResponse.Parser.ParseFrom(buffer, 0, received.Count);
            if (matches(message))
            {
                return message;
            }
        }

        return null;
    }

    /// <summary>What a browser asks when its WebSocket failed.</summary>
    public async Task<(HttpStatusCode Status, string Text)> ValidateAsync(string room, bool mayCreate)
    {
        var token = Token(new VideoGrant { RoomJoin = true, Room = room, RoomCreate = mayCreate }, "somebody");
        using var response = await _http.GetAsync(new Uri(Signal, $"/rtc/validate?protocol=17&access_token={token}"));
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Calls a method of the server API as an application's backend does.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> CallAsync(string method, object body, VideoGrant? grant = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Signal, $"/twirp/livekit.RoomService/{method}"))
        {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token(grant ?? new VideoGrant { RoomCreate = true }, "backend"));
        using var response = await _http.SendAsync(request);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return (response.StatusCode, answer.RootElement.Clone());
    }

    private static string Token(VideoGrant grant, string identity) =>
        Tokens.Sign(new AccessClaims { Issuer = RoomApiFixture.Key.Name, Identity = identity, Video = grant }, DateTimeOffset.UtcNow, TimeSpan.FromHours(1));
}
