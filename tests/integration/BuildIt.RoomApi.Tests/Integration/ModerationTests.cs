using System.Net;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Tests.Nostr;
using BuildIt.Sfu.Contracts;
using StackExchange.Redis;
using Role = BuildIt.RoomApi.Tokens.Role;

namespace BuildIt.RoomApi.Tests.Integration;

[Collection(RoomApiCollection.Name)]
public sealed class ModerationTests(RoomApiFixture api)
{
    private readonly NostrSigner _host = new();
    private readonly NostrSigner _guest = new();

    [Fact]
    public async Task Whoever_is_revoked_is_out_within_two_seconds_and_stays_out()
    {
        var id = await api.CreateRoomAsync(_host);
        var joined = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
        var (guest, token) = (joined.Text("participantId"), joined.Text("joinToken"));
        (await RefreshAsync(api.B, id, token)).Expect(HttpStatusCode.OK);
        api.Node.Connected[(id, guest)] = true;
        var told = new TaskCompletionSource<string>();
        await api.Subscriber.SubscribeAsync(RedisChannel.Literal(api.Keys.RevocationChanges), (_, value) =>
        {
            if (((string)value!).Contains(id, StringComparison.Ordinal))
            {
                told.TrySetResult(value!);
            }
        });

        var revoked = (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);
        Assert.True(revoked.Json.GetProperty("applied").GetBoolean());
        Assert.False(api.Node.Connected.ContainsKey((id, guest)));
        Assert.True(ContractJson.TryRead(System.Text.Encoding.UTF8.GetBytes(await told.Task.WaitAsync(TimeSpan.FromSeconds(30))), ContractJson.Default.Revocation, out var announced));
        Assert.Equal(guest, announced.Participant);
        Assert.True(announced.NotBefore > DateTimeOffset.UtcNow.AddSeconds(-10));

        foreach (var replica in (Replica[])[api.A, api.B])
        {
            Assert.Equal("revoked", (await replica.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.Forbidden).Problem);
            Assert.Equal("revoked", (await RefreshAsync(replica, id, token)).Expect(HttpStatusCode.Forbidden).Problem);
            Assert.Equal("revoked", (await replica.GetAsync(_guest, $"/v1/rooms/{id}")).Expect(HttpStatusCode.Forbidden).Problem);
        }

        (await api.B.SendAsync(_host, "DELETE", $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);
        (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
        Assert.Equal("not-revoked", (await api.B.SendAsync(_host, "DELETE", $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.Conflict).Problem);
    }

    [Fact]
    public async Task A_revocation_survives_the_loss_of_all_redis_data_and_a_restart()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);
        var key = api.Keys.Revocations(new RoomId(id));
        Assert.True(await api.Database.HashExistsAsync(key, guest));

        await api.Redis.FlushAllAsync();
        await RoomApiFixture.EventuallyAsync(() => api.Database.HashExistsAsync(key, guest), TimeSpan.FromSeconds(10));
        await using var restarted = await api.StartReplicaAsync();
        Assert.Equal("revoked", (await restarted.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.Forbidden).Problem);
    }

    [Fact]
    public async Task A_revocation_that_redis_did_not_get_is_made_up_for_by_whoever_starts()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);

        // Decided, then the connection was lost and the replica with it: Redis has everything but this.
        var key = api.Keys.Revocations(new RoomId(id));
        Assert.True(await api.Database.HashDeleteAsync(key, guest));
        Assert.True(await api.Database.KeyExistsAsync(api.Keys.RevocationsEpoch));
        await using var restarted = await api.StartReplicaAsync();
        await RoomApiFixture.EventuallyAsync(() => api.Database.HashExistsAsync(key, guest), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task An_older_decision_does_not_undo_a_later_one()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "viewer" })).Expect(HttpStatusCode.OK);
        var later = ContractJson.Write(
            new Revocation { Room = new RoomId(id), Participant = guest, NotBefore = DateTimeOffset.UtcNow.AddMinutes(1) }, ContractJson.Default.Revocation);
        var key = api.Keys.Revocations(new RoomId(id));
        await api.Database.HashSetAsync(key, guest, later);
        await api.Database.KeyDeleteAsync(api.Keys.RevocationsEpoch);
        await RoomApiFixture.EventuallyAsync(() => api.Database.KeyExistsAsync(api.Keys.RevocationsEpoch), TimeSpan.FromSeconds(10));
        Assert.Equal(later, (byte[]?)await api.Database.HashGetAsync(key, guest));
    }

    [Fact]
    public async Task A_demotion_that_a_node_does_not_carry_out_puts_the_participant_out()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        api.Node.Connected[(id, guest)] = true;
        var key = api.Keys.Revocations(new RoomId(id));
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "viewer" })).Expect(HttpStatusCode.OK);
        Assert.True((await RevocationAsync(key, guest)).KeepsConnected);

        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "participant" })).Expect(HttpStatusCode.OK);
        api.Node.Failures = 1;
        var demoted = (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "viewer" })).Expect(HttpStatusCode.Accepted);
        Assert.False(demoted.Json.GetProperty("applied").GetBoolean());
        Assert.False((await RevocationAsync(key, guest)).KeepsConnected);
    }

    [Fact]
    public async Task A_node_that_fails_once_is_asked_again()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        api.Node.Connected[(id, guest)] = true;
        api.Node.Failures = 2;
        var revoked = (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/revoke")).Expect(HttpStatusCode.OK);
        Assert.True(revoked.Json.GetProperty("applied").GetBoolean());
    }

    [Fact]
    public async Task A_role_takes_effect_at_once_and_a_demotion_spoils_older_tokens()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        api.Node.Connected[(id, guest)] = true;
        var promoted = (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "moderator" })).Expect(HttpStatusCode.OK);
        Assert.True(promoted.Json.GetProperty("applied").GetBoolean());
        var update = api.Node.Calls.Last(call => call.Method == "UpdateParticipant" && call.Room == id);
        Assert.Equal("moderator", update.Body.GetProperty("attributes").GetProperty("buildit.role").GetString());
        Assert.True(update.Body.GetProperty("permission").GetProperty("canPublish").GetBoolean());

        // A moderator rules those below, and nobody else.
        var other = (await api.B.PostAsync(new NostrSigner(), $"/v1/rooms/{id}/join")).Text("participantId");
        (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/participants/{other}/role", new { role = "viewer" })).Expect(HttpStatusCode.OK);
        (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/participants/{other}/role", new { role = "moderator" })).Expect(HttpStatusCode.Forbidden);
        var host = api.Names.Participant(id, _host.PublicKey).Text;
        (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/participants/{host}/revoke")).Expect(HttpStatusCode.Forbidden);
        (await api.B.SendAsync(_guest, "DELETE", $"/v1/rooms/{id}")).Expect(HttpStatusCode.Forbidden);

        var token = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("joinToken");
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/role", new { role = "viewer" })).Expect(HttpStatusCode.OK);
        update = api.Node.Calls.Last(call => call.Method == "UpdateParticipant" && call.Room == id && call.Identity == guest);
        Assert.False(update.Body.GetProperty("permission").GetProperty("canPublish").GetBoolean());
        Assert.True(api.Node.Connected.ContainsKey((id, guest)), "a demotion does not disconnect");
        Assert.Contains("revoked", (await RefreshAsync(api.B, id, token)).Expect(HttpStatusCode.Unauthorized).Detail, StringComparison.Ordinal);
        Assert.True(await api.Database.HashExistsAsync(api.Keys.Revocations(new RoomId(id)), guest));
        Assert.Equal("viewer", (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/refresh")).Expect(HttpStatusCode.OK).Text("role"));
    }

    [Fact]
    public async Task A_participant_is_muted_wholly_or_by_source()
    {
        var id = await api.CreateRoomAsync(_host);
        var guest = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("participantId");
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/mute")).Expect(HttpStatusCode.NotFound);
        api.Node.Connected[(id, guest)] = true;
        Assert.Equal(["TR_a"], Muted((await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/mute", new { source = "microphone" })).Expect(HttpStatusCode.OK)));
        Assert.Equal(["TR_v"], Muted((await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/mute", new { trackSid = "TR_v" })).Expect(HttpStatusCode.OK)));
        Assert.Equal(["TR_a", "TR_v"], Muted((await api.A.PostAsync(_host, $"/v1/rooms/{id}/participants/{guest}/mute")).Expect(HttpStatusCode.OK)));
        Assert.Equal(4, api.Node.Calls.Count(call => call.Method == "MutePublishedTrack" && call.Room == id && call.Body.GetProperty("muted").GetBoolean()));
    }

    [Fact]
    public async Task The_waiting_room_lets_in_whom_a_moderator_approves()
    {
        var id = await api.CreateRoomAsync(_host, new { settings = new { requireApproval = true } });
        Assert.Equal("approval-required", (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.Forbidden).Problem);
        var knocked = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/knock", new { note = "sealed for the host" })).Expect(HttpStatusCode.Accepted);
        Assert.Equal("waiting", knocked.Text("state"));
        var guest = knocked.Text("participantId");
        var second = new NostrSigner();
        var stranger = (await api.B.PostAsync(second, $"/v1/rooms/{id}/knock")).Expect(HttpStatusCode.Accepted).Text("participantId");

        (await api.A.GetAsync(_guest, $"/v1/rooms/{id}/waiting")).Expect(HttpStatusCode.Forbidden);
        var list = (await api.B.GetAsync(_host, $"/v1/rooms/{id}/waiting")).Expect(HttpStatusCode.OK).Json.GetProperty("waiting").EnumerateArray().ToList();
        Assert.Equal([guest, stranger], list.Select(item => item.GetProperty("participantId").GetString()!));
        Assert.Equal("sealed for the host", list[0].GetProperty("note").GetString());

        (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/waiting/{guest}/approve")).Expect(HttpStatusCode.Forbidden);
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/waiting/{guest}/approve")).Expect(HttpStatusCode.OK);
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/waiting/{stranger}/deny")).Expect(HttpStatusCode.OK);
        Assert.Equal("approved", (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/knock")).Expect(HttpStatusCode.OK).Text("state"));
        Assert.Equal("denied", (await api.B.PostAsync(second, $"/v1/rooms/{id}/knock")).Expect(HttpStatusCode.OK).Text("state"));
        (await api.B.PostAsync(_guest, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
        (await api.B.PostAsync(second, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.Forbidden);
        Assert.Empty((await api.A.GetAsync(_host, $"/v1/rooms/{id}/waiting")).Json.GetProperty("waiting").EnumerateArray());

        // An approval is a decision: it is kept in the room, not in Redis.
        Assert.True(ParticipantId.TryParse(guest, out var approved));
        Assert.Equal(Role.Participant, RoomAnnotations.Of((await api.FindAsync(id))!, approved).Role);
        var nobody = ParticipantId.FromBytes(new byte[16]).Text;
        (await api.A.PostAsync(_host, $"/v1/rooms/{id}/waiting/{nobody}/approve")).Expect(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_lock_keeps_newcomers_out_and_lets_members_refresh()
    {
        var id = await api.CreateRoomAsync(_host);
        var token = (await api.A.PostAsync(_guest, $"/v1/rooms/{id}/join")).Text("joinToken");
        (await api.A.SendAsync(_host, "PATCH", $"/v1/rooms/{id}", new { settings = new { locked = true } })).Expect(HttpStatusCode.OK);
        (await RefreshAsync(api.B, id, token)).Expect(HttpStatusCode.OK);
        Assert.Equal("room-locked", (await api.B.PostAsync(new NostrSigner(), $"/v1/rooms/{id}/knock")).Expect(HttpStatusCode.Forbidden).Problem);
        (await api.B.PostAsync(_host, $"/v1/rooms/{id}/join")).Expect(HttpStatusCode.OK);
    }

    private static Task<ApiAnswer> RefreshAsync(Replica replica, string room, string token) =>
        replica.SendAsync($"Bearer {token}", "POST", $"/v1/rooms/{room}/refresh", []);

    private async Task<Revocation> RevocationAsync(string key, string participant)
    {
        Assert.True(ContractJson.TryRead(
            ((ReadOnlyMemory<byte>)await api.Database.HashGetAsync(key, participant)).Span, ContractJson.Default.Revocation, out var revocation));
        return revocation;
    }

    private static IEnumerable<string> Muted(ApiAnswer answer) => answer.Json.GetProperty("mutedTracks").EnumerateArray().Select(sid => sid.GetString()!);
}
