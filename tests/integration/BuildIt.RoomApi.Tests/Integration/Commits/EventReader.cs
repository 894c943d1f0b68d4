using System.Net;
using System.Text.Json;
using BuildIt.RoomApi.Tests.Nostr;

namespace BuildIt.RoomApi.Tests.Integration.Commits;

/// <summary>One of the Server-Sent Events.</summary>
internal sealed record StreamEvent(string Name, string? Id, JsonElement Data);

/// <summary>Reads a stream as browsers do (HTML Living Standard section 9.2), as far as the tests need it.</summary>
internal sealed class EventReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private EventReader(HttpResponseMessage response, Stream stream) => (_response, _lines) = (response, new StreamReader(stream));

    public static async Task<EventReader> OpenAsync(Replica replica, CommitRoom room, NostrSigner who, string? last = null, string query = "")
    {
        var path = $"{room.Path}/commits/stream{query}";
        return await OpenAsync(replica, path, who.Header("GET", Replica.PublicUrl + path, [], DateTimeOffset.UtcNow), last);
    }

    public static Task<EventReader> OpenAsync(Replica replica, CommitRoom room, string token) =>
        OpenAsync(replica, $"{room.Path}/commits/stream", $"Bearer {token}", null);

    /// <summary>The next event; null when the stream has ended.</summary>
    public async Task<StreamEvent?> NextAsync()
    {
        var (name, id, data) = ("message", (string?)null, "");
        while (await LineAsync() is { } line)
        {
            if (line.Length == 0 && data.Length > 0)
            {
                return new StreamEvent(name, id, JsonDocument.Parse(data).RootElement);
            }

            switch (line.Split(": ", 2))
            {
                case ["event", var value]:
                    name = value;
                    break;
                case ["id", var value]:
                    id = value;
                    break;
                case ["data", var value]:
                    data += value;
                    break;
            }
        }

        return null;
    }

    /// <summary>The next event, which has to be of this type.</summary>
    public async Task<StreamEvent> NextAsync(string name)
    {
        var next = await NextAsync();
        Assert.Equal(name, next?.Name);
        return next!;
    }

    /// <summary>The next event has to be this commit.</summary>
    public async Task ExpectAsync(long epoch, byte[] commit)
    {
        var data = (await NextAsync("commit")).Data;
        Assert.Equal(epoch, data.GetProperty("epoch").GetInt64());
        Assert.Equal(commit, data.GetProperty("commit").GetBytesFromBase64());
    }

    /// <summary>The next line, of whatever kind.</summary>
    public async Task<string?> LineAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _lines.ReadLineAsync(limit.Token);
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }

    private static async Task<EventReader> OpenAsync(Replica replica, string path, string authorization, string? last)
    {
        var response = await replica.OpenAsync(authorization, path, request =>
        {
            if (last is not null)
            {
                request.Headers.Add("Last-Event-ID", last);
            }
        });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new EventReader(response, await response.Content.ReadAsStreamAsync());
    }
}
