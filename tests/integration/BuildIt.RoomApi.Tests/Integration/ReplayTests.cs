using System.Net;
using System.Text.Json;
using BuildIt.RoomApi.Nostr;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Testing.Nostr;
using StackExchange.Redis;

namespace BuildIt.RoomApi.Tests.Integration;

/// <summary>A signed event counts once, whatever becomes of the memory that the replicas share.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class ReplayTests(RoomApiFixture api)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public void Memory_outlasts_every_clock_that_could_take_an_event_again()
    {
        Assert.True(HttpAuth.Memory >= HttpAuth.Window * 2 + HttpAuth.Skew);
        Assert.True(HttpAuth.Skew >= TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task An_event_is_not_taken_again_after_redis_was_emptied()
    {
        var signer = new NostrSigner();
        var header = signer.Header("GET", Replica.PublicUrl + "/v1/rooms", [], DateTimeOffset.UtcNow);
        (await api.A.SendAsync(header, "GET", "/v1/rooms", [])).Expect(HttpStatusCode.OK);

        await EmptyAsync();
        (await api.A.SendAsync(header, "GET", "/v1/rooms", [])).Expect(HttpStatusCode.Unauthorized);

        // The other replica knows of it by the first, which writes what it has taken into Redis again.
        var used = api.Keys.UsedEvent(EventId(header));
        await UntilAsync(() => api.Database.KeyExistsAsync(used));
        (await api.B.SendAsync(header, "GET", "/v1/rooms", [])).Expect(HttpStatusCode.Unauthorized);
    }

    private static string EventId(string header) =>
        JsonDocument.Parse(Convert.FromBase64String(header["Nostr ".Length..])).RootElement.GetProperty("id").GetString()!;

    /// <summary>Only what this is about: other tests use the same Redis.</summary>
    private async Task EmptyAsync()
    {
        var server = api.Database.Multiplexer.GetServers()[0];
        await foreach (var key in server.KeysAsync(pattern: "*nip98*"))
        {
            await api.Database.KeyDeleteAsync(key);
        }
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await condition())
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
