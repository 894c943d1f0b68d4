using System.Net;
using System.Text.Json;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Sfu.Contracts;

namespace BuildIt.RoomApi.Tests.Integration.Commits;

[Collection(RoomApiCollection.Name)]
public sealed class CommitTests(RoomApiFixture api)
{
    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();

    [Fact]
    public async Task Of_many_commits_at_once_through_two_replicas_one_wins_and_the_others_are_given_it()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        var members = Enumerable.Range(0, 12).Select(_ => new NostrSigner()).ToList();
        var answers = await Task.WhenAll(members.Select((member, i) => room.PostAsync(member, incarnation, 0, [(byte)i], through: i % 2 == 0 ? api.A : api.B)));
        var winner = Array.FindIndex(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal(1, answers[winner].Json.GetProperty("nextEpoch").GetInt64());
        foreach (var lost in answers.Where((_, i) => i != winner))
        {
            Assert.Equal("mls-epoch-taken", lost.Expect(HttpStatusCode.Conflict).Problem);
            Assert.Equal("application/problem+json", lost.ContentType);
            Assert.Equal(incarnation, lost.Text("incarnation"));
            Assert.Equal(1, lost.Json.GetProperty("nextEpoch").GetInt64());
            Check(lost.Json.GetProperty("winner"), members[winner], room, winner);
        }

        var again = (await room.PostAsync(members[winner], incarnation, 0, [(byte)winner], through: api.B)).Expect(HttpStatusCode.Created);
        Assert.Equal(answers[winner].Body, again.Body);
        var listed = (await room.ListAsync(_guest, through: api.B)).Expect(HttpStatusCode.OK).Json;
        Check(Assert.Single(listed.GetProperty("commits").EnumerateArray()), members[winner], room, winner);
    }

    [Fact]
    public async Task Commits_are_read_after_an_epoch()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        for (var epoch = 0; epoch < 4; epoch++)
        {
            (await room.PostAsync(_host, incarnation, epoch, [(byte)epoch])).Expect(HttpStatusCode.Created);
        }

        Assert.Equal([0, 1, 2, 3], await EpochsAsync(room, ""));
        Assert.Equal([2, 3], await EpochsAsync(room, "?after=1"));
        Assert.Empty(await EpochsAsync(room, "?after=3"));
        Assert.Empty(await EpochsAsync(room, "?after=100"));
        foreach (var bad in (string[])["?after=", "?after=-1", "?after=x", "?after=1&after=2", "?after=9007199254740992"])
        {
            Assert.Contains("after must be", (await room.ListAsync(_host, bad)).Expect(HttpStatusCode.BadRequest).Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Group_info_is_of_the_epoch_that_lasts_and_founds_the_group()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var none = (await api.A.GetAsync(_host, $"{room.Path}/group-info")).Expect(HttpStatusCode.NotFound);
        Assert.Equal("mls-no-group-info", none.Problem);
        var incarnation = none.Text("incarnation");
        var founders = await Task.WhenAll(((NostrSigner[])[_host, _guest]).Select(who =>
            api.B.SendAsync(who, "PUT", $"{room.Path}/group-info", new { incarnation, epoch = 0, groupInfo = who.PublicKey })));
        var first = Assert.Single(founders, answer => answer.Status == HttpStatusCode.Created);
        Assert.Equal("mls-epoch-taken", Assert.Single(founders, answer => answer != first).Expect(HttpStatusCode.Conflict).Problem);
        var read = (await api.A.GetAsync(_guest, $"{room.Path}/group-info")).Expect(HttpStatusCode.OK).Json;
        Assert.Equal((founders[0] == first ? _host : _guest).PublicKey, read.GetProperty("groupInfo").GetBytesFromBase64());
        Assert.Equal(0, read.GetProperty("nextEpoch").GetInt64());

        (await room.PostAsync(_guest, incarnation, 0, [1], [2, 3])).Expect(HttpStatusCode.Created);
        var next = (await api.B.GetAsync(_host, $"{room.Path}/group-info")).Expect(HttpStatusCode.OK);
        Assert.Equal([2, 3], next.Json.GetProperty("groupInfo").GetBytesFromBase64());
        Assert.Equal(api.Names.Participant(room.Id, _guest.PublicKey).Text, next.Text("participantId"));
    }

    [Fact]
    public async Task When_redis_was_emptied_everybody_learns_of_another_log()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var before = await room.IncarnationAsync(_host);
        (await room.PostAsync(_host, before, 0, [1])).Expect(HttpStatusCode.Created);
        await api.Database.KeyDeleteAsync(api.Keys.CommitLog(new RoomId(room.Id)));

        var refused = (await room.PostAsync(_host, before, 1, [2])).Expect(HttpStatusCode.Conflict);
        Assert.Equal("mls-log-restarted", refused.Problem);
        var now = refused.Text("incarnation");
        Assert.NotEqual(before, now);
        Assert.Equal(now, (await room.ListAsync(_guest, "?after=0", api.B)).Expect(HttpStatusCode.OK).Text("incarnation"));
        Assert.Equal("mls-epoch-ahead", (await room.PostAsync(_host, now, 1, [2])).Expect(HttpStatusCode.Conflict).Problem);
        (await room.PostAsync(_guest, now, 0, [2], through: api.B)).Expect(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Moderators_start_a_broken_log_anew()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        (await room.PostAsync(_guest, incarnation, 0, [0])).Expect(HttpStatusCode.Created);
        Assert.Equal("role-too-low", (await api.A.PostAsync(_guest, $"{room.Path}/restart", new { incarnation })).Expect(HttpStatusCode.Forbidden).Problem);
        var now = (await api.A.PostAsync(_host, $"{room.Path}/restart", new { incarnation })).Expect(HttpStatusCode.OK);
        Assert.NotEqual(incarnation, now.Text("incarnation"));
        Assert.Equal(0, now.Json.GetProperty("nextEpoch").GetInt64());
        Assert.Equal(now.Text("incarnation"), (await api.B.PostAsync(_host, $"{room.Path}/restart", new { incarnation })).Expect(HttpStatusCode.Conflict).Text("incarnation"));
    }

    [Fact]
    public async Task No_metric_names_a_room_or_a_person()
    {
        var room = await CommitRoom.CreateAsync(api, _host);
        var incarnation = await room.IncarnationAsync(_host);
        (await room.PostAsync(_host, incarnation, 0, [1])).Expect(HttpStatusCode.Created);
        (await room.PostAsync(_guest, incarnation, 0, [1])).Expect(HttpStatusCode.Conflict);
        var metrics = await api.A.OperationsAsync("/metrics");
        Assert.Contains("buildit_roomapi_commits_total{message=\"commit\",outcome=\"first\"}", metrics, StringComparison.Ordinal);
        Assert.Contains("buildit_roomapi_commits_total{message=\"commit\",outcome=\"taken\"}", metrics, StringComparison.Ordinal);
        foreach (var name in (string[])[room.Id, Convert.ToHexStringLower(_host.PublicKey), api.Names.Participant(room.Id, _host.PublicKey).Text, "127.0.0.1"])
        {
            Assert.DoesNotContain(name, metrics, StringComparison.Ordinal);
        }
    }

    private async Task<IEnumerable<long>> EpochsAsync(CommitRoom room, string query) =>
        (await room.ListAsync(_guest, query, api.B)).Expect(HttpStatusCode.OK).Json.GetProperty("commits").EnumerateArray().Select(commit => commit.GetProperty("epoch").GetInt64());

    private void Check(JsonElement commit, NostrSigner author, CommitRoom room, int content)
    {
        Assert.Equal(0, commit.GetProperty("epoch").GetInt64());
        Assert.Equal([(byte)content], commit.GetProperty("commit").GetBytesFromBase64());
        Assert.Equal(api.Names.Participant(room.Id, author.PublicKey).Text, commit.GetProperty("participantId").GetString());
        Assert.InRange(commit.GetProperty("at").GetInt64(), DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeMilliseconds());
    }
}
