using System.Net;
using BuildIt.RoomApi.Tests.Nostr;

namespace BuildIt.RoomApi.Tests.Integration;

[Collection(RoomApiCollection.Name)]
public sealed class OutageTests(RoomApiFixture api)
{
    [Fact]
    public async Task While_redis_is_away_requests_are_refused_clearly_and_nothing_is_made_twice()
    {
        var host = new NostrSigner();
        var id = await api.CreateRoomAsync(host);
        var key = Guid.NewGuid().ToString();
        await api.Redis.StopAsync();
        try
        {
            foreach (var replica in (Replica[])[api.A, api.B])
            {
                var create = (await replica.SendAsync(host, "POST", "/v1/rooms", "{}", request => request.Headers.Add("Idempotency-Key", key))).Expect(HttpStatusCode.ServiceUnavailable);
                Assert.Equal("registry-unavailable", create.Problem);
                Assert.NotNull(create.Headers.RetryAfter);
                (await replica.PostAsync(new NostrSigner(), $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.ServiceUnavailable);
                (await replica.SendAsync((string?)null, "GET", "/v1/regions", [])).Expect(HttpStatusCode.OK);
                Assert.Equal("ok\n", await replica.OperationsAsync("/healthz"));
                Assert.Equal("ok\n", await replica.OperationsAsync("/readyz"));
                Assert.Contains("buildit_roomapi_registry_up 0", await replica.OperationsAsync("/metrics"), StringComparison.Ordinal);
            }

            Assert.Single(await api.RoomsOfAsync(host));
        }
        finally
        {
            await api.Redis.StartAsync();
        }

        // Back, and empty: everything works again by itself.
        foreach (var replica in (Replica[])[api.A, api.B])
        {
            await RoomApiFixture.EventuallyAsync(async () =>
                (await replica.SendAsync(host, "POST", "/v1/rooms", "{}", request => request.Headers.Add("Idempotency-Key", key))).Status == HttpStatusCode.Created);
            (await replica.PostAsync(new NostrSigner(), $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
        }

        Assert.Equal(2, (await api.RoomsOfAsync(host)).Count);
        await RoomApiFixture.EventuallyAsync(() => Task.FromResult(api.Database.Multiplexer.IsConnected));
    }
}
