using System.Net;
using BuildIt.RoomApi.Http;
using BuildIt.RoomApi.Registry.Commits;
using BuildIt.RoomApi.Tests.Nostr;

namespace BuildIt.RoomApi.Tests.Integration.Commits;

/// <summary>Who may use a room's log, and how much of it.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class CommitRightsTests(RoomApiFixture api)
{
    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();

    [Fact]
    public async Task Whoever_holds_a_join_token_is_a_member_also_when_the_room_is_locked_later()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var token = await room.TokenAsync(_guest);
        (await api.A.SendAsync(_host, "PATCH", $"/v1/rooms/{room.Id}", new { settings = new { locked = true } })).Expect(HttpStatusCode.OK);
        var incarnation = (await room.ByTokenAsync(token, "GET", "/commits")).Expect(HttpStatusCode.OK).Text("incarnation");
        (await room.ByTokenAsync(token, "POST", "/commits", CommitRoom.Body(incarnation, 0, [1]))).Expect(HttpStatusCode.Created);

        // The same member, whichever way they show it.
        (await api.A.SendAsync(_host, "PATCH", $"/v1/rooms/{room.Id}", new { settings = new { locked = false } })).Expect(HttpStatusCode.OK);
        (await room.PostAsync(_guest, incarnation, 0, [1], through: api.B)).Expect(HttpStatusCode.Created);
        Assert.Equal("not-authenticated", (await new CommitRoom(api, await api.CreateRoomAsync(_host)).ByTokenAsync(token, "GET", "/commits")).Expect(HttpStatusCode.Unauthorized).Problem);
    }

    [Theory]
    [InlineData("locked", "room-locked")]
    [InlineData("requireApproval", "approval-required")]
    public async Task Whom_the_room_does_not_let_in_it_shows_nothing(string setting, string problem)
    {
        var room = await CommitRoom.CreateAsync(api, _host, new { settings = new Dictionary<string, bool> { [setting] = true } });
        var incarnation = await room.IncarnationAsync(_host);
        foreach (var refused in await AllAsync(room, incarnation))
        {
            Assert.Equal(problem, refused.Expect(HttpStatusCode.Forbidden).Problem);
        }

        Assert.Equal("not-authenticated", (await api.A.SendAsync((string?)null, "GET", $"{room.Path}/commits", [])).Expect(HttpStatusCode.Unauthorized).Problem);
        Assert.Empty((await room.ListAsync(_host)).Json.GetProperty("commits").EnumerateArray());
    }

    [Fact]
    public async Task Whoever_is_put_out_has_no_part_in_it_any_more()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_guest);
        var token = await room.TokenAsync(_guest);
        (await api.A.PostAsync(_host, $"/v1/rooms/{room.Id}/participants/{api.Names.Participant(room.Id, _guest.PublicKey).Text}/revoke")).Expect(HttpStatusCode.OK);
        foreach (var refused in await AllAsync(room, incarnation))
        {
            Assert.Equal("revoked", refused.Expect(HttpStatusCode.Forbidden).Problem);
        }

        Assert.Equal("revoked", (await room.ByTokenAsync(token, "POST", "/commits", CommitRoom.Body(incarnation, 0, [1]), api.B)).Expect(HttpStatusCode.Forbidden).Problem);
    }

    [Fact]
    public async Task A_room_that_is_over_has_no_log()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        await api.EndAsync(room.Id);
        foreach (var refused in await AllAsync(room, incarnation))
        {
            Assert.Equal("room-ended", refused.Expect(HttpStatusCode.Gone).Problem);
        }
    }

    [Fact]
    public async Task The_largest_commit_and_group_info_fit_and_nothing_larger()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        (await room.PostAsync(_host, incarnation, 0, new byte[CommitLimits.MaxCommit], new byte[CommitLimits.MaxGroupInfo])).Expect(HttpStatusCode.Created);
        Assert.Contains("commit must have 1 to 131072 bytes", (await room.PostAsync(_host, incarnation, 1, new byte[CommitLimits.MaxCommit + 1])).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        Assert.Contains("groupInfo must have 1 to 524288 bytes", (await room.PostAsync(_host, incarnation, 1, [1], new byte[CommitLimits.MaxGroupInfo + 1])).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        Assert.Equal("body-too-large", (await room.PostAsync(_host, incarnation, 1, new byte[CommitRules.MaxBody])).Expect(HttpStatusCode.RequestEntityTooLarge).Problem);

        // Other endpoints keep their bound.
        Assert.Equal("body-too-large", (await api.A.PostAsync(_host, $"{room.Path}/restart", new { incarnation = new string('x', RequestGate.MaxBody) })).Expect(HttpStatusCode.RequestEntityTooLarge).Problem);
    }

    [Fact]
    public async Task A_member_is_limited_over_all_replicas_and_alone()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        (await room.PostAsync(_guest, incarnation, 5, [1])).Expect(HttpStatusCode.Conflict);

        // The rest of what is allowed in this minute and in the next, which may begin meanwhile.
        var member = api.Names.For("rate-commits", System.Text.Encoding.ASCII.GetBytes(room.Id + api.Names.Participant(room.Id, _guest.PublicKey).Text));
        var minute = DateTimeOffset.UtcNow.ToUnixTimeSeconds() / 60;
        foreach (var key in Counters(member, minute))
        {
            await api.Database.StringIncrementAsync(key, 60);
        }

        foreach (var replica in (Replica[])[api.A, api.B])
        {
            var refused = (await room.PostAsync(_guest, incarnation, 5, [1], through: replica)).Expect(HttpStatusCode.TooManyRequests);
            Assert.Contains("group messages of this member", refused.Detail, StringComparison.Ordinal);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        (await room.PostAsync(_host, incarnation, 0, [1])).Expect(HttpStatusCode.Created);
    }

    private IEnumerable<string> Counters(string member, long minute) =>
        Enumerable.Range(0, 3).Select(i => api.Keys.RateLimit($"commits:{member}:{minute + i}"));

    private async Task<IEnumerable<ApiAnswer>> AllAsync(CommitRoom room, string incarnation) => await Task.WhenAll(
        room.ListAsync(_guest),
        room.PostAsync(_guest, incarnation, 0, [1], through: api.B),
        api.A.GetAsync(_guest, $"{room.Path}/group-info"),
        api.B.SendAsync(_guest, "PUT", $"{room.Path}/group-info", new { incarnation, epoch = 0, groupInfo = new byte[] { 1 } }),
        api.A.PostAsync(_guest, $"{room.Path}/restart", new { incarnation }));
}
