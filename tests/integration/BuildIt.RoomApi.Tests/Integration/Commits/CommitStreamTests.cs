using System.Net;
using BuildIt.RoomApi.Http.Streams;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Tests.Integration.Commits;

/// <summary>Commits as they come.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class CommitStreamTests(RoomApiFixture api)
{
    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();

    [Fact]
    public async Task Commits_reach_the_readers_of_every_replica_in_order()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        (await room.PostAsync(_host, incarnation, 0, [0])).Expect(HttpStatusCode.Created);
        using var first = await EventReader.OpenAsync(api.A, room, _guest);
        using var second = await EventReader.OpenAsync(api.B, room, await room.TokenAsync(_guest));
        foreach (var reader in (EventReader[])[first, second])
        {
            var log = await reader.NextAsync("log");
            Assert.Equal(incarnation, log.Data.GetProperty("incarnation").GetString());
            Assert.Equal(1, log.Data.GetProperty("nextEpoch").GetInt64());
            await reader.ExpectAsync(0, [0]);
        }

        for (var epoch = 1; epoch < 8; epoch++)
        {
            (await room.PostAsync(_host, incarnation, epoch, [(byte)epoch], through: epoch % 2 == 0 ? api.A : api.B)).Expect(HttpStatusCode.Created);
        }

        for (var epoch = 1; epoch < 8; epoch++)
        {
            await first.ExpectAsync(epoch, [(byte)epoch]);
            await second.ExpectAsync(epoch, [(byte)epoch]);
        }
    }

    [Fact]
    public async Task A_reader_goes_on_behind_the_last_event_at_another_replica()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        for (var epoch = 0; epoch < 24; epoch++)
        {
            (await room.PostAsync(_host, incarnation, epoch, [(byte)epoch])).Expect(HttpStatusCode.Created);
        }

        string? last;
        using (var first = await EventReader.OpenAsync(api.A, room, _guest, query: "?after=2"))
        {
            await first.NextAsync("log");
            await first.ExpectAsync(3, [3]);
            last = (await first.NextAsync("commit")).Id;
        }

        Assert.Equal($"{incarnation}.4", last);
        using var second = await EventReader.OpenAsync(api.B, room, _guest, last, "?after=2");
        await second.NextAsync("log");
        for (var epoch = 5; epoch < 24; epoch++)
        {
            await second.ExpectAsync(epoch, [(byte)epoch]);
        }

        // The last event of another log says nothing about this one.
        using var third = await EventReader.OpenAsync(api.B, room, _guest, $"{new string('0', 32)}.30");
        Assert.Equal(incarnation, (await third.NextAsync("log")).Data.GetProperty("incarnation").GetString());
        await third.ExpectAsync(0, [0]);
    }

    [Fact]
    public async Task A_log_that_was_lost_is_followed_by_another()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var before = await room.IncarnationAsync(_host);
        (await room.PostAsync(_host, before, 0, [0])).Expect(HttpStatusCode.Created);
        using var reader = await EventReader.OpenAsync(api.A, room, _guest);
        await reader.NextAsync("log");
        await reader.ExpectAsync(0, [0]);

        // Nobody asks for the log meanwhile: the stream finds out for itself.
        await api.Database.KeyDeleteAsync(api.Keys.CommitLog(new RoomId(room.Id)));
        var now = (await reader.NextAsync("log")).Data.GetProperty("incarnation").GetString()!;
        Assert.NotEqual(before, now);
        (await room.PostAsync(_host, now, 0, [10], through: api.B)).Expect(HttpStatusCode.Created);
        await reader.ExpectAsync(0, [10]);
    }

    [Fact]
    public async Task A_stream_outlives_redis()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var before = await room.IncarnationAsync(_host);
        using var reader = await EventReader.OpenAsync(api.A, room, _guest);
        await reader.NextAsync("log");
        await api.Redis.StopAsync();
        await api.Redis.StartAsync();
        Assert.NotEqual(before, (await reader.NextAsync("log")).Data.GetProperty("incarnation").GetString());
        await RoomApiFixture.EventuallyAsync(async () => (await room.ListAsync(_host, through: api.B)).Status == HttpStatusCode.OK);
        await RoomApiFixture.EventuallyAsync(() => Task.FromResult(api.Database.Multiplexer.IsConnected));
    }

    [Fact]
    public async Task It_ends_with_the_room()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        using var reader = await EventReader.OpenAsync(api.A, room, _guest);
        await reader.NextAsync("log");
        await api.EndAsync(room.Id);
        await EndsAsync(reader, "room-ended");
    }

    [Fact]
    public async Task It_ends_with_the_right_to_be_in_the_room()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var token = await room.TokenAsync(_guest);
        using var signed = await EventReader.OpenAsync(api.A, room, _guest);
        using var shown = await EventReader.OpenAsync(api.B, room, token);
        using var other = await EventReader.OpenAsync(api.A, room, _host);
        foreach (var reader in (EventReader[])[signed, shown, other])
        {
            await reader.NextAsync("log");
        }

        var guest = api.Names.Participant(room.Id, _guest.PublicKey).Text;
        (await api.B.PostAsync(_host, $"/v1/rooms/{room.Id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);
        await EndsAsync(signed, "revoked");
        await EndsAsync(shown, "revoked");

        // Let back in, they have it again; everybody else kept it.
        (await api.B.SendAsync(_host, "DELETE", $"/v1/rooms/{room.Id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);
        using var back = await EventReader.OpenAsync(api.A, room, _guest);
        await back.NextAsync("log");
        var incarnation = await room.IncarnationAsync(_host);
        (await room.PostAsync(_host, incarnation, 0, [1])).Expect(HttpStatusCode.Created);
        await back.ExpectAsync(0, [1]);
        await other.ExpectAsync(0, [1]);
    }

    [Fact]
    public async Task It_ends_with_the_token_that_opened_it()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var guest = api.Names.Participant(room.Id, _guest.PublicKey).Text;
        (await api.A.PostAsync(_host, $"/v1/rooms/{room.Id}/participants/{guest}/role", new { role = "moderator" })).Expect(HttpStatusCode.OK);
        using var reader = await EventReader.OpenAsync(api.A, room, await room.TokenAsync(_guest));
        await reader.NextAsync("log");
        (await api.B.PostAsync(_host, $"/v1/rooms/{room.Id}/participants/{guest}/role", new { role = "viewer" })).Expect(HttpStatusCode.OK);
        await EndsAsync(reader, "not-authenticated");
    }

    [Fact]
    public async Task Whom_the_room_does_not_let_in_it_tells_nothing()
    {
        var room = await CommitRoom.CreateAsync(api, _host, new { settings = new { requireApproval = true } });
        Assert.Equal("approval-required", (await api.A.GetAsync(_guest, $"{room.Path}/commits/stream")).Expect(HttpStatusCode.Forbidden).Problem);
        Assert.Contains("after must be", (await api.A.GetAsync(_host, $"{room.Path}/commits/stream?after=x")).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_member_has_a_few_streams_and_no_more()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var readers = new List<EventReader>();
        for (var i = 0; i < RoomFeeds.MostOfOne; i++)
        {
            readers.Add(await EventReader.OpenAsync(api.A, room, _guest));
        }

        Assert.Equal("too-many-requests", (await api.A.GetAsync(_guest, $"{room.Path}/commits/stream")).Expect(HttpStatusCode.TooManyRequests).Problem);
        using var host = await EventReader.OpenAsync(api.A, room, _host);
        readers.ForEach(reader => reader.Dispose());
        await RoomApiFixture.EventuallyAsync(async () =>
        {
            using var answer = await api.A.OpenAsync(_guest.Header("GET", $"{Replica.PublicUrl}{room.Path}/commits/stream", [], DateTimeOffset.UtcNow), $"{room.Path}/commits/stream");
            return answer.StatusCode == HttpStatusCode.OK;
        });
    }

    [Fact]
    public async Task A_silent_stream_shows_that_it_lives()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        using var reader = await EventReader.OpenAsync(api.A, room, _guest);
        await reader.NextAsync("log");
        Assert.Equal(":", await reader.LineAsync());
    }

    private static async Task EndsAsync(EventReader reader, string problem)
    {
        Assert.Equal($"urn:buildit:problem:{problem}", (await reader.NextAsync("end")).Data.GetProperty("type").GetString());
        Assert.Null(await reader.NextAsync());
    }
}
