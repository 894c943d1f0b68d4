using System.Collections.Concurrent;
using System.Text.Json;
using BuildIt.Sfu.Signaling.Tokens;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BuildIt.RoomApi.Tests.Integration;

/// <summary>A call of the server API that a node accepted.</summary>
public sealed record NodeCall(string Method, string Room, string Identity, JsonElement Body);

/// <summary>
/// The server API of a node as far as moderation needs it: it checks tokens with the node's own verifier, knows who is
/// connected, and remembers what it was asked.
/// </summary>
public sealed class StandInNode(string secret) : IAsyncDisposable
{
    private readonly TokenVerifier _verifier = new(ApiKeys.Single(RoomApiFixture.Key.Name, secret));
    private WebApplication _app = null!;

    public ConcurrentQueue<NodeCall> Calls { get; } = new();

    /// <summary>Room and identity of those who are connected.</summary>
    public ConcurrentDictionary<(string Room, string Identity), bool> Connected { get; } = new();

    /// <summary>Answers so many calls with an error before it works.</summary>
    public int Failures { get; set; }

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new();

    public string Endpoint => _app.Urls.First();

    /// <summary>Calls of this method wait, and are carried out once they are released, whether or not the caller still waits.</summary>
    public void Hold(string method) => _held[method] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Release()
    {
        foreach (var method in _held.Keys)
        {
            if (_held.TryRemove(method, out var held))
            {
                held.SetResult();
            }
        }
    }

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/twirp/livekit.RoomService/{method}", HandleAsync);
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context, string method)
    {
        var body = await JsonSerializer.DeserializeAsync<JsonElement>(context.Request.Body);
        var (room, identity) = (body.GetProperty("room").GetString()!, body.GetProperty("identity").GetString()!);
        var token = context.Request.Headers.Authorization.ToString()["Bearer ".Length..];
        if (_verifier.Verify(token, DateTimeOffset.UtcNow, out var claims) != TokenError.None || !claims.Video.RoomAdmin || claims.Video.Room != room)
        {
            context.Response.StatusCode = 401;
            return;
        }

        if (_held.TryGetValue(method, out var waiting))
        {
            await waiting.Task;
        }

        if (Failures > 0)
        {
            Failures--;
            context.Response.StatusCode = 503;
            return;
        }

        Calls.Enqueue(new NodeCall(method, room, identity, body));
        if (!Connected.ContainsKey((room, identity)))
        {
            context.Response.StatusCode = 404;
            await context.Response.WriteAsync("""{"code":"not_found","msg":"participant does not exist"}""");
            return;
        }

        if (method == "RemoveParticipant")
        {
            Connected.TryRemove((room, identity), out _);
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(method == "GetParticipant"
            ? """{"identity":"x","tracks":[{"sid":"TR_a","source":"MICROPHONE"},{"sid":"TR_v","source":"CAMERA"}]}"""
            : "{}");
    }
}
