using System.Net;
using System.Text.Json;
using BuildIt.RoomApi.Http;
using BuildIt.RoomApi.Registry.Mail;
using BuildIt.RoomApi.Tests.Integration.Commits;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Tests.Integration.Mail;

/// <summary>Gift wraps from member to member.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class MailTests(RoomApiFixture api)
{
    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();

    [Fact]
    public async Task A_gift_wrap_reaches_the_key_it_is_for_and_nobody_else()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var sent = Enumerable.Range(0, 3).Select(i => Wrap(_guest, $"for the guest {i}")).ToList();
        var answer = (await PutAsync(room, _host, [.. sent, Wrap(_host, "for the host")])).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(4, answer.GetProperty("delivered").GetArrayLength());
        Assert.Empty(answer.GetProperty("refused").EnumerateArray());

        // By signature and by token, at every replica.
        var signed = (await api.B.GetAsync(_guest, $"/v1/rooms/{room.Id}/mailbox")).Expect(HttpStatusCode.OK).Json;
        var shown = (await api.A.SendAsync($"Bearer {await room.TokenAsync(_guest)}", "GET", $"/v1/rooms/{room.Id}/mailbox", [])).Expect(HttpStatusCode.OK).Json;
        Assert.Equal(sent.Select(wrap => JsonSerializer.Serialize(wrap)), Events(signed).Select(wrap => wrap.GetRawText()));
        Assert.Equal(sent.Select(wrap => JsonSerializer.Serialize(wrap)), Events(shown).Select(wrap => wrap.GetRawText()));
        Assert.Equal("for the host", Assert.Single(Events((await ReadAsync(room, _host)).Json)).GetProperty("content").GetString());
        Assert.Empty(Events((await ReadAsync(room, new NostrSigner())).Json));
    }

    [Fact]
    public async Task What_was_read_is_not_read_again_and_what_is_sent_twice_waits_once()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var first = Wrap(_guest, "first");
        (await PutAsync(room, _host, first)).Expect(HttpStatusCode.OK);
        (await PutAsync(room, _host, first)).Expect(HttpStatusCode.OK);
        var page = (await ReadAsync(room, _guest)).Expect(HttpStatusCode.OK);
        Assert.Single(Events(page.Json));
        Assert.False(page.Json.GetProperty("more").GetBoolean());
        (await PutAsync(room, _host, Wrap(_guest, "second"))).Expect(HttpStatusCode.OK);
        var next = (await ReadAsync(room, _guest, page.Text("cursor"))).Expect(HttpStatusCode.OK);
        Assert.Equal("second", Assert.Single(Events(next.Json)).GetProperty("content").GetString());
        var last = (await ReadAsync(room, _guest, next.Text("cursor"))).Expect(HttpStatusCode.OK);
        Assert.Empty(Events(last.Json));
        Assert.Equal(next.Text("cursor"), last.Text("cursor"));
        Assert.Contains("after must be", (await ReadAsync(room, _guest, "x")).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);

        // A cursor of a box that was lost leads past nothing.
        await api.Database.KeyDeleteAsync(Box(room, _guest));
        (await PutAsync(room, _host, Wrap(_guest, "third"))).Expect(HttpStatusCode.OK);
        Assert.Equal("third", Assert.Single(Events((await ReadAsync(room, _guest, last.Text("cursor"))).Json)).GetProperty("content").GetString());
    }

    [Fact]
    public async Task Pages_lead_through_all_of_it()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        for (var i = 0; i < 48; i += 16)
        {
            (await PutAsync(room, _host, [.. Enumerable.Range(i, 16).Select(n => Wrap(_guest, $"{n}"))])).Expect(HttpStatusCode.OK);
        }

        var read = new List<string>();
        string? cursor = null;
        for (var more = true; more;)
        {
            var page = (await ReadAsync(room, _guest, cursor)).Expect(HttpStatusCode.OK);
            read.AddRange(Events(page.Json).Select(wrap => wrap.GetProperty("content").GetString()!));
            (cursor, more) = (page.Text("cursor"), page.Json.GetProperty("more").GetBoolean());
        }

        Assert.Equal(Enumerable.Range(0, 48).Select(n => $"{n}"), read);
    }

    [Fact]
    public async Task A_box_takes_so_much_from_one_address_and_leaves_room_for_others()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        for (var i = 0; i < MailLimits.MaxFromAddress; i += MailLimits.MaxBatch)
        {
            (await PutAsync(room, _host, [.. Enumerable.Range(0, MailLimits.MaxBatch).Select(_ => Wrap(_guest, "flood"))])).Expect(HttpStatusCode.OK);
        }

        // With another key, but from the same address.
        var late = Wrap(_guest, "too much");
        var answer = (await PutAsync(room, new NostrSigner(), late)).Expect(HttpStatusCode.OK).Json;
        Assert.Equal((string)late["id"], Assert.Single(answer.GetProperty("refused").EnumerateArray()).GetString());
        var elsewhere = (await api.A.SendAsync(
            _host, "POST", $"/v1/rooms/{room.Id}/mailbox", new { events = (object[])[late] }, request => request.Headers.Add("X-Forwarded-For", "198.51.100.77"))).Expect(HttpStatusCode.OK);
        Assert.Single(elsewhere.Json.GetProperty("delivered").EnumerateArray());
    }

    [Fact]
    public async Task Only_gift_wraps_that_are_in_order_are_taken()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var forged = Wrap(_guest, "forged");
        forged["content"] = "other";
        var stranger = Convert.ToHexStringLower(new NostrSigner().PublicKey);
        foreach (var (wrap, says) in ((Dictionary<string, object>, string)[])[
            (forged, "events[0]: its id or signature is wrong"),
            (new NostrSigner().Event(1, 0, [["p", stranger]], "a note"), "kind 1059"),
            (new NostrSigner().Event(GiftWraps.Kind, 0, [], "for nobody"), "exactly one 'p' tag"),
            (new NostrSigner().Event(GiftWraps.Kind, 0, [["p", stranger], ["p", stranger]], "for two"), "exactly one 'p' tag"),
            (new NostrSigner().Event(GiftWraps.Kind, 0, [["p", "me"]], "for me"), "exactly one 'p' tag"),
            (new() { ["kind"] = GiftWraps.Kind }, "kind 1059"),
            (Wrap(_guest, new string('x', MailLimits.MaxEvent)), "must not have more than 196608 bytes")])
        {
            Assert.Contains(says, (await PutAsync(room, _host, wrap)).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        }

        Assert.Contains("1 to 32 gift wraps", (await PutAsync(room, _host)).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        Assert.Empty(Events((await ReadAsync(room, _guest)).Json));
    }

    [Fact]
    public async Task Whom_the_room_does_not_let_in_it_neither_gives_nor_takes_mail()
    {
        var room = await CommitRoom.CreateAsync(api, _host, new { settings = new { requireApproval = true } });

        // Somebody who has yet to be let in may find something there when they are.
        (await PutAsync(room, _host, Wrap(_guest, "welcome"))).Expect(HttpStatusCode.OK);
        Assert.Equal("approval-required", (await ReadAsync(room, _guest)).Expect(HttpStatusCode.Forbidden).Problem);
        Assert.Equal("approval-required", (await PutAsync(room, _guest, Wrap(_host, "hello"))).Expect(HttpStatusCode.Forbidden).Problem);

        var open = await CommitRoom.CreateAsync(api, _host);
        (await PutAsync(open, _guest, Wrap(_host, "hello"))).Expect(HttpStatusCode.OK);
        (await api.A.PostAsync(_host, $"/v1/rooms/{open.Id}/participants/{api.Names.Participant(open.Id, _guest.PublicKey).Text}/revoke")).Expect(HttpStatusCode.OK);
        Assert.Equal("revoked", (await ReadAsync(open, _guest)).Expect(HttpStatusCode.Forbidden).Problem);
        Assert.Equal("revoked", (await PutAsync(open, _guest, Wrap(_host, "hello"))).Expect(HttpStatusCode.Forbidden).Problem);
    }

    [Fact]
    public async Task Redis_knows_neither_what_waits_nor_for_which_key()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var wrap = Wrap(_guest, "a secret place");
        (await PutAsync(room, _host, wrap)).Expect(HttpStatusCode.OK);
        var held = string.Join(' ', (await api.Database.HashGetAllAsync(Box(room, _guest))).Select(field => $"{field.Name} {System.Text.Encoding.Latin1.GetString((byte[])field.Value!)}"));
        Assert.Contains(" ", held, StringComparison.Ordinal);
        foreach (var word in (string[])["a secret place", (string)wrap["id"], (string)wrap["pubkey"], Convert.ToHexStringLower(_guest.PublicKey), Convert.ToHexStringLower(_host.PublicKey)])
        {
            Assert.DoesNotContain(word, held, StringComparison.Ordinal);
        }

        Assert.InRange((await api.Database.KeyTimeToLiveAsync(Box(room, _guest)))!.Value, TimeSpan.FromMinutes(55), MailLimits.Lifetime);
    }

    [Fact]
    public async Task Whoever_streams_is_told_that_mail_has_come()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        using var guest = await EventReader.OpenAsync(api.A, room, _guest);
        using var other = await EventReader.OpenAsync(api.A, room, _host);
        await guest.NextAsync("log");
        await other.NextAsync("log");
        (await api.B.PostAsync(_host, $"/v1/rooms/{room.Id}/mailbox", new { events = (object[])[Wrap(_guest, "hello")] })).Expect(HttpStatusCode.OK);
        await guest.NextAsync("mail");
        (await room.PostAsync(_host, await room.IncarnationAsync(_host), 0, [1])).Expect(HttpStatusCode.Created);
        await guest.ExpectAsync(0, [1]);
        await other.ExpectAsync(0, [1]);
    }

    private string Box(CommitRoom room, NostrSigner who) => api.Keys.Mailbox(new RoomId(room.Id), api.Names.Participant(room.Id, who.PublicKey).Text);

    private Task<ApiAnswer> PutAsync(CommitRoom room, NostrSigner who, params Dictionary<string, object>[] events) =>
        api.A.PostAsync(who, $"/v1/rooms/{room.Id}/mailbox", new { events });

    private Task<ApiAnswer> ReadAsync(CommitRoom room, NostrSigner who, string? after = null) =>
        api.B.GetAsync(who, $"/v1/rooms/{room.Id}/mailbox" + (after is null ? "" : $"?after={after}"));

    /// <summary>Signed by a key that is used once, as NIP-59 asks.</summary>
    private static Dictionary<string, object> Wrap(NostrSigner to, string content) =>
        new NostrSigner().Event(GiftWraps.Kind, DateTimeOffset.UtcNow.AddHours(-30).ToUnixTimeSeconds(), [["p", Convert.ToHexStringLower(to.PublicKey)]], content);

    private static IEnumerable<JsonElement> Events(JsonElement page) => page.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("event"));
}
