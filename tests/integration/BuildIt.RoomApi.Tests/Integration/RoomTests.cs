using System.Net;
using System.Text.Json;
using BuildIt.RoomApi.Regions;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.RoomApi.Tests.Integration;

[Collection(RoomApiCollection.Name)]
public sealed class RoomTests(RoomApiFixture api)
{
    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();

    [Fact]
    public async Task A_room_is_created_placed_and_joined_by_its_creator_as_host()
    {
        var created = (await api.A.PostAsync(_host, "/v1/rooms", new { name = "Standup 🎥", settings = new { maxParticipants = 12, allowScreenShare = false } }))
            .Expect(HttpStatusCode.Created);
        var id = created.Text("roomId");
        Assert.Equal($"{Replica.PublicUrl}/v1/rooms/{id}", created.Headers.Location!.ToString());
        Assert.Equal("host", created.Text("role"));
        Assert.Equal("ready", created.Text("phase"));
        Assert.StartsWith("wss://sfu.", created.Text("sfuEndpoint"), StringComparison.Ordinal);
        Assert.Equal(12, created.Json.GetProperty("maxParticipants").GetInt32());
        Assert.True(created.Json.GetProperty("settings").GetProperty("e2eeRequired").GetBoolean());
        Assert.True(created.Json.GetProperty("permissions").GetProperty("screenShare").GetBoolean());

        var claims = Verify(created.Text("joinToken"));
        Assert.Equal(id, claims.Video.Room);
        Assert.Equal(created.Text("participantId"), claims.Identity);
        Assert.Equal("host", claims.Attributes["buildit.role"]);

        var room = await api.FindAsync(id);
        Assert.Equal("Standup 🎥", room!.Spec.DisplayName);
        Assert.Equal(api.Names.Creator(_host.PublicKey), room.Spec.CreatedBy);
        Assert.InRange(room.Spec.ExpiresAt!.Value.ToUniversalTime(), DateTime.UtcNow.AddHours(23.9), DateTime.UtcNow.AddHours(24.1));
        Assert.Equal("1h", room.Spec.TtlAfterEnded.ToString());
        Assert.True(room.Spec.Settings.E2eeRequired);
        Assert.DoesNotContain(Convert.ToHexStringLower(_host.PublicKey), JsonSerializer.Serialize(room, Operator.Api.Schema.ApiJson.Options), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_body_is_not_needed()
    {
        var created = (await api.A.PostAsync(_host, "/v1/rooms")).Expect(HttpStatusCode.Created);
        Assert.Equal(100, created.Json.GetProperty("maxParticipants").GetInt32());
        Assert.True(created.Json.GetProperty("settings").GetProperty("allowScreenShare").GetBoolean());
    }

    [Fact]
    public async Task Whatever_one_replica_does_counts_on_the_other()
    {
        var id = await api.CreateRoomAsync(_host);
        var joined = (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
        Assert.Equal("participant", joined.Text("role"));
        Assert.Equal("participant", Verify(joined.Text("joinToken")).Attributes["buildit.role"]);

        (await api.B.SendAsync(_host, "PATCH", $"/v1/rooms/{id}", new { settings = new { locked = true } })).Expect(HttpStatusCode.OK);
        Assert.Equal("room-locked", (await api.A.PostAsync(new NostrSigner(), $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.Forbidden).Problem);

        var header = _host.Header("GET", $"{Replica.PublicUrl}/v1/rooms/{id}", [], DateTimeOffset.UtcNow);
        (await api.A.SendAsync(header, "GET", $"/v1/rooms/{id}", [])).Expect(HttpStatusCode.OK);
        var replayed = (await api.B.SendAsync(header, "GET", $"/v1/rooms/{id}", [])).Expect(HttpStatusCode.Unauthorized);
        Assert.Contains("used before", replayed.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_person_keeps_their_id_in_a_room_and_has_another_in_the_next()
    {
        var (first, second) = (await api.CreateRoomAsync(_host), await api.CreateRoomAsync(_host));
        var id = (await api.A.PostAsync(_guest, $"/v1/rooms/{first}/join")).Text("participantId");
        Assert.Equal(id, (await api.B.PostAsync(_guest, $"/v1/rooms/{first}/refresh")).Text("participantId"));
        Assert.NotEqual(id, (await api.B.PostAsync(_guest, $"/v1/rooms/{second}/join")).Text("participantId"));
    }

    [Fact]
    public async Task A_creator_lists_their_own_rooms_page_by_page()
    {
        var ids = new HashSet<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add(await api.CreateRoomAsync(_host));
        }

        await api.CreateRoomAsync(_guest);
        var found = new HashSet<string>();
        var path = "/v1/rooms?limit=2";
        for (var pages = 0; path is not null && pages < 10; pages++)
        {
            var page = (await api.A.GetAsync(_host, path)).Expect(HttpStatusCode.OK).Json;
            foreach (var room in page.GetProperty("rooms").EnumerateArray())
            {
                Assert.True(found.Add(room.GetProperty("roomId").GetString()!));
                Assert.Equal("host", room.GetProperty("role").GetString());
            }

            path = page.TryGetProperty("continue", out var next) ? $"/v1/rooms?limit=2&continue={Uri.EscapeDataString(next.GetString()!)}" : null;
        }

        Assert.Equal(ids, found);
    }

    [Fact]
    public async Task A_room_is_changed_while_it_is_live()
    {
        var id = await api.CreateRoomAsync(_host);
        var changed = (await api.A.SendAsync(_host, "PATCH", $"/v1/rooms/{id}", new
        {
            name = "Renamed",
            expiresAt = DateTimeOffset.UtcNow.AddHours(2).ToUnixTimeMilliseconds(),
            settings = new { allowScreenShare = false, allowRecording = true, maxParticipants = 7 },
        })).Expect(HttpStatusCode.OK).Json;
        Assert.Equal("Renamed", changed.GetProperty("name").GetString());
        Assert.Equal(7, changed.GetProperty("maxParticipants").GetInt32());

        var joined = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
        Assert.False(joined.Json.GetProperty("permissions").GetProperty("screenShare").GetBoolean());
        Assert.True(joined.Json.GetProperty("permissions").GetProperty("record").GetBoolean());
        Assert.Equal(["camera", "microphone"], Verify(joined.Text("joinToken")).Video.CanPublishSources);
    }

    [Fact]
    public async Task A_deleted_room_is_gone_for_all()
    {
        var id = await api.CreateRoomAsync(_host);
        (await api.A.SendAsync(_host, "DELETE", $"/v1/rooms/{id}")).Expect(HttpStatusCode.NoContent);

        // Until the operator has told everybody, the answer is that it is over.
        await RoomApiFixture.EventuallyAsync(async () => await api.FindAsync(id) is null);
        Assert.Equal("room-not-found", (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.NotFound).Problem);
        (await api.B.SendAsync(_host, "DELETE", $"/v1/rooms/{id}")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_idempotency_key_creates_one_room_however_often_and_wherever_it_is_sent()
    {
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            (i % 2 == 0 ? api.A : api.B).SendAsync(_host, "POST", "/v1/rooms", new { name = "once" }, request => request.Headers.Add("Idempotency-Key", key))));
        Assert.All(answers, answer => answer.Expect(HttpStatusCode.Created));
        Assert.Single(answers.Select(answer => answer.Text("roomId")).Distinct());
        Assert.Single(await api.RoomsOfAsync(_host));

        var other = await api.A.SendAsync(_host, "POST", "/v1/rooms", new { name = "twice" }, request => request.Headers.Add("Idempotency-Key", key));
        Assert.Equal("idempotency-key-reused", other.Expect(HttpStatusCode.Conflict).Problem);

        // The key is the caller's own.
        var foreign = await api.A.SendAsync(_guest, "POST", "/v1/rooms", new { name = "once" }, request => request.Headers.Add("Idempotency-Key", key));
        Assert.NotEqual(answers[0].Text("roomId"), foreign.Expect(HttpStatusCode.Created).Text("roomId"));

        (await api.A.SendAsync(_host, "DELETE", $"/v1/rooms/{answers[0].Text("roomId")}")).Expect(HttpStatusCode.NoContent);
        var late = await api.A.SendAsync(_host, "POST", "/v1/rooms", new { name = "once" }, request => request.Headers.Add("Idempotency-Key", key));
        Assert.Equal("room-ended", late.Expect(HttpStatusCode.Gone).Problem);
        await RoomApiFixture.EventuallyAsync(async () => (await api.RoomsOfAsync(_host)).Count == 0);
    }

    [Fact]
    public async Task A_creation_repeated_late_gives_no_more_than_its_creator_has_by_now()
    {
        var key = Guid.NewGuid().ToString();
        var id = (await CreateAsync(key)).Expect(HttpStatusCode.Created).Text("roomId");
        var me = api.Names.Participant(id, _host.PublicKey).Text;
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "host" })).Expect(HttpStatusCode.OK);

        (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/participants/{me}/role", new { role = "viewer" })).Expect(HttpStatusCode.OK);
        var repeated = (await CreateAsync(key)).Expect(HttpStatusCode.Created);
        Assert.Equal("viewer", repeated.Text("role"));
        Assert.False(Verify(repeated.Text("joinToken")).Video.MayPublish);

        (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/participants/{me}/revoke")).Expect(HttpStatusCode.OK);
        Assert.Equal("revoked", (await CreateAsync(key)).Expect(HttpStatusCode.Forbidden).Problem);
        await api.EndAsync(id);
        Assert.Equal("room-ended", (await CreateAsync(key)).Expect(HttpStatusCode.Gone).Problem);

        Task<ApiAnswer> CreateAsync(string idempotency) =>
            api.B.SendAsync(_host, "POST", "/v1/rooms", "{}", request => request.Headers.Add("Idempotency-Key", idempotency));
    }

    [Fact]
    public async Task A_room_without_a_place_says_why_and_waits()
    {
        var created = (await api.A.PostAsync(_host, "/v1/rooms", new { name = StandInOperator.Nowhere })).Expect(HttpStatusCode.Accepted);
        Assert.Equal("pending", created.Text("phase"));
        Assert.Equal(StandInOperator.WhyNot + ".", created.Text("message"));
        Assert.False(created.Json.TryGetProperty("joinToken", out _));
        Assert.NotNull(created.Headers.RetryAfter);

        var join = (await api.A.PostAsync(_guest, $"/v1/rooms/{created.Text("roomId")}/join")).Expect(HttpStatusCode.ServiceUnavailable);
        Assert.Equal("room-not-ready", join.Problem);
        Assert.Contains(StandInOperator.WhyNot, join.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("US", "us-east-1", "wss://sfu.us.example.com")]
    [InlineData("CA", "us-east-1", "wss://sfu.us.example.com")]
    [InlineData("FR", "eu-west-1", "wss://sfu.eu.example.com")]
    public async Task A_room_lands_near_its_creator(string country, string region, string endpoint)
    {
        var created = (await api.A.SendAsync(_host, "POST", "/v1/rooms", null, request => request.Headers.Add("X-Country", country))).Expect(HttpStatusCode.Created);
        Assert.Equal(endpoint, created.Text("sfuEndpoint"));
        Assert.Equal(region, (await api.FindAsync(created.Text("roomId")))!.Spec.Placement.Regions[0]);

        var regions = (await api.A.SendAsync((string?)null, "GET", "/v1/regions", [], request => request.Headers.Add("X-Country", country))).Expect(HttpStatusCode.OK);
        Assert.Equal(region, regions.Json.GetProperty("regions")[0].GetProperty("id").GetString());
    }

    [Fact]
    public async Task A_country_header_is_believed_only_from_a_trusted_proxy()
    {
        await using var alone = await api.StartReplicaAsync(settings => settings with { TrustedProxies = TrustedProxies.None });
        var regions = (await alone.SendAsync((string?)null, "GET", "/v1/regions", [], request => request.Headers.Add("X-Country", "US"))).Json.GetProperty("regions");
        Assert.All(regions.EnumerateArray(), region => Assert.Equal(10, region.GetProperty("score").GetInt32()));
    }

    [Fact]
    public async Task A_callers_own_choice_of_region_comes_first()
    {
        var created = (await api.A.SendAsync(_host, "POST", "/v1/rooms", new { regions = new[] { "us-east-1" } }, request => request.Headers.Add("X-Country", "DE")))
            .Expect(HttpStatusCode.Created);
        Assert.Equal("wss://sfu.us.example.com", created.Text("sfuEndpoint"));
        Assert.Equal(["us-east-1", "eu-west-1"], (await api.FindAsync(created.Text("roomId")))!.Spec.Placement.Regions);
    }

    private static AccessClaims Verify(string token)
    {
        var verifier = new TokenVerifier(ApiKeys.Single(RoomApiFixture.Key.Name, RoomApiFixture.Secret));
        Assert.Equal(TokenError.None, verifier.Verify(token, DateTimeOffset.UtcNow, out var claims));
        return claims;
    }
}
