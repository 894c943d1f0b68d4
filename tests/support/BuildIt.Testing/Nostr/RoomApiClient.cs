using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace BuildIt.Testing.Nostr;

/// <summary>Asks a room API as an application does. Thread-safe.</summary>
/// <param name="address">Where it is reached.</param>
/// <param name="publicUrl">The URL it is known by, for which requests are signed.</param>
public sealed class RoomApiClient(Uri address, string publicUrl) : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly HttpClient _http = new() { BaseAddress = address };

    /// <summary>Makes a room and waits until it has a node.</summary>
    public Task<RoomAccess> CreateAsync(NostrSigner key, string name) => PostAsync(key, "/v1/rooms", new { name });

    public Task<RoomAccess> JoinAsync(NostrSigner key, string room) => PostAsync(key, $"/v1/rooms/{room}/join", new { });

    public void Dispose() => _http.Dispose();

    private async Task<RoomAccess> PostAsync(NostrSigner key, string path, object body)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body, Json);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Authorization", key.Header("POST", publicUrl + path, bytes, TimeProvider.System.GetUtcNow()));
        using var response = await _http.SendAsync(request);
        var access = response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<RoomAccess>(Json) : null;
        return access is { JoinToken: not null, SfuEndpoint: not null }
            ? access
            : throw new InvalidOperationException($"POST {path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
    }
}

/// <summary>What the room API gives to somebody who may join.</summary>
public sealed record RoomAccess(string RoomId, string ParticipantId, string JoinToken, string SfuEndpoint)
{
    public override string ToString() => RoomId;
}
