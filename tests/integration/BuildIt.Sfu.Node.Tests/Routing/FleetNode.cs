using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.WebSockets;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Tokens;
using BuildIt.Testing;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>A node of a fleet in a process of its own, on free loopback ports.</summary>
internal sealed class FleetNode : IAsyncDisposable
{
    public const string Scope = "routing-tests";

    private static readonly ApiKeys Keys = ApiKeys.Single("devkey", "secret");

    private readonly NodeProgram _program;

    private FleetNode(NodeId id, NodeProgram program)
    {
        Id = id;
        _program = program;
    }

    public NodeId Id { get; }

    public ChildProcess Process => _program.Process;

    public Uri Signal => _program.Signal;

    /// <param name="name">The node's name.</param>
    /// <param name="redis">Its registry.</param>
    /// <param name="more">Variables beyond those of every node here.</param>
    public static async Task<FleetNode> StartAsync(string name, string redis, IReadOnlyDictionary<string, string?>? more = null) => new(new NodeId(name), await NodeProgram.StartAsync(
        new Dictionary<string, string?>(more ?? new Dictionary<string, string?>())
        {
            [NodeEnvironment.Instance] = name,
            [NodeEnvironment.Namespace] = Scope,
            [NodeEnvironment.Cluster] = more?.GetValueOrDefault(NodeEnvironment.Cluster) ?? "fleet",
            [NodeEnvironment.Region] = "test",
            [NodeEnvironment.RedisAddresses] = redis,
        },
        ["--tcp-port", "-1"]));

    public static string Token(string room, string identity, DateTimeOffset? issuedAt = null) => new TokenSigner(Keys).Sign(
        new AccessClaims { Issuer = "devkey", Identity = identity, Video = new VideoGrant { RoomJoin = true, Room = room } },
        issuedAt ?? DateTimeOffset.UtcNow,
        TimeSpan.FromHours(1));

    /// <summary>Joins; throws <see cref="WebSocketException"/> when the node refuses.</summary>
    public async Task<SignalClient> JoinAsync(string room, string identity, string path = "/rtc", string extra = "")
    {
        var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(
                new Uri($"ws://{Signal.Authority}{path}?protocol=17{extra}&access_token={Token(room, identity)}"), CancellationToken.None);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new SignalClient(socket);
    }

    /// <summary>Joins; null when the node refuses.</summary>
    public async Task<SignalClient?> TryJoinAsync(RoomId room, string identity)
    {
        try
        {
            return await JoinAsync(room.Value, identity);
        }
        catch (WebSocketException)
        {
            return null;
        }
    }

    /// <summary>Stops the process where it stands, sockets and all, or lets it go on.</summary>
    public Task HangAsync(bool hang) => ChildProcess.RunAsync("kill", [hang ? "-STOP" : "-CONT", $"{Process.Id}"], TimeSpan.FromSeconds(5));

    /// <summary>What a browser asks when its WebSocket failed: status and text.</summary>
    public async Task<(int Status, string Text)> ValidateAsync(string room, string identity, string path = "/rtc", DateTimeOffset? issuedAt = null)
    {
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri(Signal, $"{path}/validate?protocol=17&access_token={Token(room, identity, issuedAt)}"));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Calls a method of the server API as an application's backend does, which may create and delete rooms when nothing else is said.</summary>
    public async Task<(int Status, string Body)> CallAsync(string method, object body, VideoGrant? grant = null)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Signal, $"/twirp/livekit.RoomService/{method}"))
        {
            Content = JsonContent.Create(body),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", new TokenSigner(Keys).Sign(
            new AccessClaims { Issuer = "devkey", Identity = "backend", Video = grant ?? new VideoGrant { RoomCreate = true } }, DateTimeOffset.UtcNow, TimeSpan.FromHours(1)));
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public ValueTask DisposeAsync() => _program.DisposeAsync();
}

internal static class Eventually
{
    public static async Task<T> HasAsync<T>(Func<Task<T?>> read, TimeSpan patience, string what)
    {
        var until = DateTimeOffset.UtcNow + patience;
        while (true)
        {
            if (await read() is { } value)
            {
                return value;
            }

            if (DateTimeOffset.UtcNow > until)
            {
                throw new TimeoutException($"Within {patience.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s it did not come about that {what}.");
            }

            await Task.Delay(20);
        }
    }

    public static Task IsAsync(Func<Task<bool>> read, TimeSpan patience, string what) =>
        HasAsync(async () => await read() ? new object() : null, patience, what);
}
