using System.Net.WebSockets;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Configuration;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Tests.Media;
using BuildIt.Sfu.Signaling.Tokens;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Signaling.Tests.Sessions;

/// <summary>The signalling of a node on a real Kestrel at a free port, over media that is only remembered.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public static readonly ApiKeys Keys = ApiKeys.Single("devkey", "secret");

    private readonly WebApplication _app;

    private TestNode(WebApplication app, FakeMediaFactory media)
    {
        _app = app;
        Media = media;
        Address = new Uri(app.Urls.First());
        Http = new HttpClient { BaseAddress = Address };
    }

    public FakeMediaFactory Media { get; }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public static async Task<TestNode> StartAsync(LiveKitOptions? options = null, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var media = new FakeMediaFactory();
        builder.Services.AddSingleton<IMediaRoomFactory>(media);
        builder.Services.AddSingleton(new WallClock(DateTimeOffset.UtcNow));
        services?.Invoke(builder.Services);
        builder.Services.AddLiveKitSignaling(options ?? new LiveKitOptions { Keys = Keys });
        var app = builder.Build();
        app.MapLiveKit();
        await app.StartAsync();
        return new TestNode(app, media);
    }

    public static string Token(string identity = "alice", string room = "room", Func<AccessClaims, AccessClaims>? change = null)
    {
        var claims = new AccessClaims
        {
            Issuer = "devkey",
            Identity = identity,
            Video = new VideoGrant { RoomJoin = true, Room = room, CanUpdateOwnMetadata = true },
        };
        return new TokenSigner(Keys).Sign(change?.Invoke(claims) ?? claims, DateTimeOffset.UtcNow, TimeSpan.FromHours(1));
    }

    public async Task<SignalClient> ConnectAsync(string path = "/rtc", string query = "protocol=17", string? token = null, bool deflate = false)
    {
        var socket = new ClientWebSocket();
        if (deflate)
        {
            socket.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        }

        var uri = new Uri($"ws://{Address.Authority}{path}?{query}&access_token={token ?? Token()}");
        await socket.ConnectAsync(uri, CancellationToken.None);
        return new SignalClient(socket);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
        Media.Dispose();
    }
}

/// <summary>A client at the other end of a real WebSocket.</summary>
internal sealed class SignalClient(ClientWebSocket socket) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public ClientWebSocket Socket { get; } = socket;

    public WebSocketMessageType LastType { get; private set; }

    /// <summary>The next message; null when the node has closed the connection.</summary>
    public async Task<SignalResponse?> ReceiveAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        var buffer = new byte[4 * 1024 * 1024];
        var length = 0;
        try
        {
            while (true)
            {
                var result = await Socket.ReceiveAsync(buffer.AsMemory(length), timeout.Token);
                if (result.MessageType == WebSocketMessageType.Close)
                {
                    return null;
                }

                length += result.Count;
                if (result.EndOfMessage)
                {
                    LastType = result.MessageType;
                    break;
                }
            }
        }
        catch (WebSocketException)
        {
            return null;
        }

        if (LastType == WebSocketMessageType.Binary)
        {
            return SignalResponse.Parser.ParseFrom(buffer.AsSpan(0, length));
        }

        return JsonParser.Default.Parse<SignalResponse>(System.Text.Encoding.UTF8.GetString(buffer, 0, length));
    }

    /// <summary>Skips messages until one matches.</summary>
    public async Task<SignalResponse> UntilAsync(Func<SignalResponse, bool> matches)
    {
        while (await ReceiveAsync() is { } message)
        {
            if (matches(message))
            {
                return message;
            }
        }

        throw new InvalidOperationException("The connection ended before the message came.");
    }

    public async Task UntilClosedAsync()
    {
        while (await ReceiveAsync() is not null)
        {
        }
    }

    public Task SendAsync(SignalRequest request) => Socket.SendAsync(request.ToByteArray(), WebSocketMessageType.Binary, true, CancellationToken.None);

    public Task SendJsonAsync(SignalRequest request) =>
        Socket.SendAsync(System.Text.Encoding.UTF8.GetBytes(JsonFormatter.Default.Format(request)), WebSocketMessageType.Text, true, CancellationToken.None);

    public void Dispose() => Socket.Dispose();
}
