using System.Net;
using BuildIt.RoomApi.Configuration;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Tests.Nostr;

namespace BuildIt.RoomApi.Tests.Integration;

/// <summary>
/// Limits count over all replicas. Windows are of the clock: whoever asks more often than twice the limit has met it, even
/// when a window ended meanwhile.
/// </summary>
[Collection(RoomApiCollection.Name)]
public sealed class LimitTests(RoomApiFixture api)
{
    private const int Limit = 3;

    [Fact]
    public async Task A_key_is_limited_over_all_replicas_and_alone()
    {
        await using var first = await NarrowAsync(settings => settings with { KeyLimit = Limit });
        await using var second = await NarrowAsync(settings => settings with { KeyLimit = Limit });
        var (eager, patient) = (new NostrSigner(), new NostrSigner());
        var answers = new List<ApiAnswer>();
        for (var i = 0; i <= Limit; i++)
        {
            answers.Add(await first.GetAsync(eager, "/v1/rooms"));
            answers.Add(await second.GetAsync(eager, "/v1/rooms"));
        }

        var refused = answers.Find(answer => answer.Status == HttpStatusCode.TooManyRequests)!;
        Assert.Contains("requests with this key", refused.Detail, StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        (await first.GetAsync(patient, "/v1/rooms")).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Rooms_are_limited_by_key_and_a_repeated_creation_counts_once()
    {
        await using var replica = await NarrowAsync(settings => settings with { CreateLimit = Limit });
        var host = new NostrSigner();
        for (var i = 0; i < 3 * Limit; i++)
        {
            (await replica.SendAsync(host, "POST", "/v1/rooms", "{}", request => request.Headers.Add("Idempotency-Key", "once"))).Expect(HttpStatusCode.Created);
        }

        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 2 * Limit; i++)
        {
            answers.Add(await replica.PostAsync(host, "/v1/rooms"));
        }

        var refused = answers.Find(answer => answer.Status == HttpStatusCode.TooManyRequests)!;
        Assert.Contains("rooms created with this key", refused.Detail, StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        Assert.Equal(1 + answers.Count(answer => answer.Status == HttpStatusCode.Created), (await api.RoomsOfAsync(host)).Count);
    }

    [Fact]
    public async Task Rooms_are_limited_by_address_whatever_the_keys()
    {
        await using var replica = await NarrowAsync(settings => settings with { AddressCreateLimit = Limit });
        var address = $"198.51.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}";
        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 2 * Limit + 1; i++)
        {
            answers.Add(await replica.SendAsync(new NostrSigner(), "POST", "/v1/rooms", "{}", request => request.Headers.Add("X-Forwarded-For", address)));
        }

        var refused = answers.Find(answer => answer.Status == HttpStatusCode.TooManyRequests)!;
        Assert.Contains("rooms created from this address", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Networks_of_one_site_are_limited_together()
    {
        await using var replica = await NarrowAsync(settings => settings with { AddressLimit = 1 });
        var site = $"2001:db8:{Random.Shared.Next(0x10000):x}";
        for (var i = 0; i <= 2 * 8; i++)
        {
            if ((await AskAsync(replica, "/v1/regions", $"{site}:{i:x}::1")).Status == HttpStatusCode.TooManyRequests)
            {
                return;
            }
        }

        Assert.Fail("The site was never limited.");
    }

    [Theory]
    [InlineData("/v1/regions")]
    [InlineData("/openapi/v1.json")]
    public async Task An_address_is_limited_also_where_nobody_signs(string path)
    {
        await using var replica = await NarrowAsync(settings => settings with { AddressLimit = Limit });
        var network = $"2001:db8:{Random.Shared.Next(0x10000):x}:{Random.Shared.Next(0x10000):x}";
        var refused = await UntilRefusedAsync(replica, path, i => $"{network}::{i + 1}");
        Assert.Contains("requests from this address", refused.Detail, StringComparison.Ordinal);
        (await AskAsync(replica, path, $"2001:db9::{Random.Shared.Next(0x10000):x}")).Expect(HttpStatusCode.OK);
    }

    [Fact]
    public async Task An_address_is_not_escaped_by_a_header_that_nobody_vouches_for()
    {
        await using var replica = await NarrowAsync(settings => settings with { AddressLimit = Limit, TrustedProxies = TrustedProxies.None });
        await UntilRefusedAsync(replica, "/v1/regions", i => $"198.51.100.{i}");
    }

    [Fact]
    public async Task Of_a_chain_of_addresses_the_last_that_is_no_proxy_counts()
    {
        await using var replica = await NarrowAsync(settings => settings with { AddressLimit = Limit });
        var real = $"203.0.113.{Random.Shared.Next(256)}";
        await UntilRefusedAsync(replica, "/v1/regions", i => $"198.51.100.{i}, {real}, 127.0.0.1");
    }

    private Task<Replica> NarrowAsync(Func<RoomApiSettings, RoomApiSettings> change) => api.StartReplicaAsync(change);

    private static async Task<ApiAnswer> UntilRefusedAsync(Replica replica, string path, Func<int, string> address)
    {
        for (var i = 0; i <= 2 * Limit; i++)
        {
            if (await AskAsync(replica, path, address(i)) is { Status: HttpStatusCode.TooManyRequests } refused)
            {
                return refused;
            }
        }

        throw new InvalidOperationException("The address was never limited.");
    }

    private static Task<ApiAnswer> AskAsync(Replica replica, string path, string forwardedFor) =>
        replica.SendAsync((string?)null, "GET", path, [], request => request.Headers.Add("X-Forwarded-For", forwardedFor));
}
