using System.Text.Json.Nodes;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.NodeSdk;

namespace BuildIt.Interop.Tests.Server;

/// <summary>Every method of the RoomService, called through unmodified livekit-server-sdk on rooms with real participants.</summary>
public sealed class RoomServiceTests(ServerApiFixture api) : IClassFixture<ServerApiFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_room_is_created_listed_and_deleted()
    {
        await using var meeting = api.NewMeeting();
        var created = await api.CallAsync("createRoom", new { name = meeting.Room, emptyTimeout = 60, maxParticipants = 7, metadata = "about it" });
        Assert.StartsWith("RM_", (string)created!["sid"]!, StringComparison.Ordinal);
        Assert.Equal(7, (int)created["maxParticipants"]!);
        Assert.Equal("about it", (string)created["metadata"]!);

        var alice = await meeting.JoinAsync("alice");
        Assert.Equal("about it", (await alice.StateAsync()).Metadata);
        await alice.EventuallyAsync(Patience, async () =>
        {
            var listed = Assert.Single((await api.CallAsync("listRooms", (object)new[] { meeting.Room }))!.AsArray());
            return (string)listed!["sid"]! == (string)created["sid"]! && (int?)listed["numParticipants"] == 1 ? null : $"listed is {listed}";
        });
        Assert.Contains((await api.CallAsync("listRooms"))!.AsArray(), r => (string)r!["name"]! == meeting.Room);

        await api.CallAsync("deleteRoom", meeting.Room);
        await alice.DisconnectedAsync(DisconnectReason.RoomDeleted, Patience);
        Assert.Empty((await api.CallAsync("listRooms", (object)new[] { meeting.Room }))!.AsArray());
    }

    [Fact]
    public async Task Participants_are_listed_read_and_removed()
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");
        await alice.PublishAsync();
        await bob.SeesAndHearsAsync(["alice"], Patience);

        var listed = (await api.CallAsync("listParticipants", meeting.Room))!.AsArray();
        Assert.Equal(["alice", "bob"], listed.Select(p => (string)p!["identity"]!).Order());
        var read = await api.CallAsync("getParticipant", meeting.Room, "alice");
        Assert.Equal((await alice.StateAsync()).Sid, (string)read!["sid"]!);
        Assert.Equal("ACTIVE", (string)read["state"]!);
        Assert.Equal(["CAMERA", "MICROPHONE"], read["tracks"]!.AsArray().Select(t => (string)t!["source"]!).Order());

        await api.CallAsync("removeParticipant", meeting.Room, "bob");
        await bob.DisconnectedAsync(DisconnectReason.ParticipantRemoved, Patience);
        await alice.EventuallyAsync(Patience, async () => (await alice.StateAsync()).Remotes.Count == 0 ? null : "bob is still there");
        var error = await Assert.ThrowsAsync<ScriptException>(() => api.CallAsync("getParticipant", meeting.Room, "bob"));
        Assert.Equal(("not_found", 404), (error.Code, error.Status));
    }

    [Fact]
    public async Task A_track_is_muted_by_the_server_and_only_its_owner_may_unmute_it()
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");
        await alice.PublishAsync(video: false);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        var sid = (await alice.StateAsync()).Published.Single().Sid;

        var track = await api.CallAsync("mutePublishedTrack", meeting.Room, "alice", sid, true);
        Assert.True((bool)track!["muted"]!);
        await bob.EventuallyAsync(Patience, async () => (await bob.ReceivedAsync("alice", "audio")).Muted ? null : "bob does not see it muted");
        Assert.True((await alice.StateAsync()).Published.Single().Muted);
        await Assert.ThrowsAsync<ScriptException>(() => api.CallAsync("mutePublishedTrack", meeting.Room, "alice", sid, false));

        await alice.RunAsync("harness.room.localParticipant.setMicrophoneEnabled(true)");
        await bob.EventuallyAsync(Patience, async () => (await bob.ReceivedAsync("alice", "audio")).Muted ? "bob sees it muted" : null);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
    }

    [Fact]
    public async Task A_participant_is_updated()
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");
        await api.CallAsync("updateParticipant", meeting.Room, "alice", new { name = "Alice A.", metadata = "host", attributes = new { hand = "up" } });
        await bob.EventuallyAsync(Patience, async () =>
        {
            var seen = await bob.CallAsync<string?[]>("(p => [p.name, p.metadata, p.attributes.hand])(harness.remote('alice'))");
            return seen is ["Alice A.", "host", "up"] ? null : $"bob sees {string.Join(", ", seen)}";
        });
        Assert.Equal("up", (await alice.StateAsync()).Attributes["hand"]);
    }

    [Fact]
    public async Task Permissions_change_at_run_time()
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");
        await alice.PublishAsync();
        await bob.SeesAndHearsAsync(["alice"], Patience);

        await api.CallAsync("updateParticipant", meeting.Room, "alice", new { permission = new { canPublish = false, canSubscribe = true, canPublishData = true } });
        await bob.EventuallyAsync(Patience, async () => (await bob.ReceivedAsync()).Count == 0 ? null : "bob still has tracks of alice");
        await alice.EventuallyAsync(Patience, async () => (await alice.StateAsync()).Published.Count == 0 ? null : "alice still publishes");
        var refused = await alice.CallAsync<string>("harness.publish({ audio: true }).then(() => '', e => e.message)");
        Assert.NotEqual("", refused);

        await api.CallAsync("updateParticipant", meeting.Room, "alice", new { permission = new { canPublish = true, canSubscribe = true, canPublishData = true } });
        await alice.EventuallyAsync(Patience, async () =>
            await alice.CallAsync<bool>("harness.room.localParticipant.permissions.canPublish") ? null : "alice may not publish");
        await alice.PublishAsync();
        await bob.SeesAndHearsAsync(["alice"], Patience);

        await api.CallAsync("updateParticipant", meeting.Room, "bob", new { permission = new { canPublish = true, canSubscribe = false, canPublishData = true } });
        await bob.EventuallyAsync(Patience, async () => (await bob.ReceivedAsync()).Any(t => t.Subscribed) ? "bob is still subscribed" : null);
        await api.CallAsync("updateParticipant", meeting.Room, "bob", new { permission = new { canPublish = true, canSubscribe = true, canPublishData = true } });
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    [Fact]
    public async Task Subscriptions_are_updated()
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");
        await alice.PublishAsync();
        await bob.SeesAndHearsAsync(["alice"], Patience);
        var camera = (await alice.StateAsync()).Published.Single(p => p.Source == "camera").Sid;

        await api.CallAsync("updateSubscriptions", meeting.Room, "bob", new[] { camera }, false);
        await bob.EventuallyAsync(Patience, async () => (await bob.ReceivedAsync("alice", "video")).Subscribed ? "bob is still subscribed" : null);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        await api.CallAsync("updateSubscriptions", meeting.Room, "bob", new[] { camera }, true);
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    [Fact]
    public async Task Room_metadata_reaches_the_participants()
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var room = await api.CallAsync("updateRoomMetadata", meeting.Room, "agenda");
        Assert.Equal("agenda", (string)room!["metadata"]!);
        await alice.EventuallyAsync(Patience, async () => (await alice.StateAsync()).Metadata == "agenda" ? null : "alice has other metadata");
    }

    [Fact]
    public async Task A_full_room_refuses_the_next()
    {
        await using var meeting = api.NewMeeting();
        await api.CallAsync("createRoom", new { name = meeting.Room, maxParticipants = 1 });
        var alice = await meeting.JoinAsync("alice");
        await Assert.ThrowsAsync<PageException>(() => meeting.JoinAsync("bob"));
        Assert.Equal("connected", (await alice.StateAsync()).State);
        Assert.Single((await api.CallAsync("listParticipants", meeting.Room))!.AsArray());
    }

    [Theory]
    [InlineData("moveParticipant")]
    [InlineData("forwardParticipant")]
    public async Task Moving_and_forwarding_are_said_to_be_unimplemented(string method)
    {
        await using var meeting = api.NewMeeting();
        await meeting.JoinAsync("alice");
        var error = await Assert.ThrowsAsync<ScriptException>(() => api.CallAsync(method, meeting.Room, "alice", meeting.Room + "-other"));
        Assert.Equal("unimplemented", error.Code);
    }

    [Fact]
    public async Task Webhooks_tell_the_story_of_a_room()
    {
        await using var meeting = api.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        await alice.PublishAsync(video: false);
        var sid = (await alice.StateAsync()).Published.Single().Sid;
        await alice.RunAsync("harness.room.localParticipant.unpublishTrack(harness.room.localParticipant.getTrackPublication('microphone').track)");
        // One receiver failure on the way must be hidden by a retry.
        await api.FailWebhooksAsync(1);
        await alice.RunAsync("harness.room.disconnect()");
        await api.CallAsync("deleteRoom", meeting.Room);

        string[] expected = ["room_started", "participant_joined", "track_published", "track_unpublished", "participant_left", "room_finished"];
        IReadOnlyList<JsonObject> events = [];
        await alice.EventuallyAsync(Patience, async () =>
        {
            events = [.. (await api.WebhooksAsync()).Where(e => (string?)e["room"]?["name"] == meeting.Room)];
            return expected.All(name => events.Any(e => (string)e["event"]! == name)) ? null : $"received {string.Join(", ", events.Select(e => e["event"]))}";
        });
        Assert.Equal(expected, events.Select(e => (string)e["event"]!));
        Assert.Equal(events.Count, events.Select(e => (string)e["id"]!).Distinct().Count());
        Assert.All(events, e => Assert.NotEqual(0, long.Parse((string)e["createdAt"]!, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(sid, (string)events.Single(e => (string)e["event"]! == "track_published")["track"]!["sid"]!);
        Assert.Equal("alice", (string)events.Single(e => (string)e["event"]! == "participant_left")["participant"]!["identity"]!);
    }
}
