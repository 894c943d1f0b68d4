using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace BuildIt.RoomApi.Tests.Integration;

/// <summary>An answer of the API, read whole.</summary>
public sealed record ApiAnswer(HttpStatusCode Status, string Body, HttpResponseHeaders Headers, string? ContentType)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string Text(string name) => Json.GetProperty(name).GetString()!;

    /// <summary>The problem's type without its prefix.</summary>
    public string Problem => Text("type")["urn:buildit:problem:".Length..];

    public string Detail => Text("detail");

    public ApiAnswer Expect(HttpStatusCode status)
    {
        Assert.True(Status == status, $"{(int)status} was expected, not {(int)Status}: {Body}");
        return this;
    }
}

/// <summary>One replica of the service, in this process, on ports of its own; and a client of it.</summary>
public sealed class Replica : IAsyncDisposable
{
    /// <summary>What clients sign, whichever replica answers.</summary>
    public const string PublicUrl = "https://api.example.com";

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private WebApplication _app = null!;

    public int Port { get; private set; }

    public int OperationsPort { get; private set; }

    public static async Task<Replica> StartAsync(Func<int, int, RoomApiSettings> settings)
    {
        var replica = new Replica { Port = FreePort.NextTcp(), OperationsPort = FreePort.NextTcp() };
        replica._app = await RoomApiHost.BuildAsync(settings(replica.Port, replica.OperationsPort));
        await replica._app.StartAsync();
        return replica;
    }

    /// <summary>Ends as a process does that is asked to; at once when the token says so.</summary>
    public Task StopAsync(CancellationToken hurry)
    {
        _app.Lifetime.StopApplication();
        return _app.StopAsync(hurry);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    /// <summary>Sends a request signed by <paramref name="signer"/>.</summary>
    public Task<ApiAnswer> SendAsync(NostrSigner? signer, string method, string path, object? body = null, Action<HttpRequestMessage>? edit = null)
    {
        var bytes = body switch
        {
            null => [],
            byte[] raw => raw,
            string text => Encoding.UTF8.GetBytes(text),
            _ => JsonSerializer.SerializeToUtf8Bytes(body, JsonSerializerOptions.Web),
        };
        return SendAsync(signer?.Header(method, PublicUrl + path, bytes, DateTimeOffset.UtcNow), method, path, bytes, edit);
    }

    /// <summary>Sends a request with any Authorization header.</summary>
    public async Task<ApiAnswer> SendAsync(string? authorization, string method, string path, byte[] body, Action<HttpRequestMessage>? edit = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri($"http://127.0.0.1:{Port}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (body.Length > 0)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        edit?.Invoke(request);
        using var response = await _http.SendAsync(request);
        return new ApiAnswer(
            response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers.ContentType?.MediaType);
    }

    /// <summary>Sends a request and gives the answer as soon as it begins.</summary>
    public async Task<HttpResponseMessage> OpenAsync(string authorization, string path, Action<HttpRequestMessage>? edit = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{Port}{path}");
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        edit?.Invoke(request);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    public Task<string> OperationsAsync(string path) => _http.GetStringAsync($"http://127.0.0.1:{OperationsPort}{path}");

    public Task<ApiAnswer> PostAsync(NostrSigner signer, string path, object? body = null) => SendAsync(signer, "POST", path, body);

    public Task<ApiAnswer> GetAsync(NostrSigner signer, string path) => SendAsync(signer, "GET", path);
}
