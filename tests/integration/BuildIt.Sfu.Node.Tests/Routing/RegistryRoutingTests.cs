using System.Net.WebSockets;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Signaling.Protocol;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Node.Tests.Routing;

/// <summary>Two real nodes and a real Redis, with the test in the operator's place.</summary>
public class RegistryRoutingTests(RegionFixture region) : IClassFixture<RegionFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("/rtc")]
    [InlineData("/rtc/v1")]
    public async Task Any_node_answers_in_both_client_modes(string path)
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice", path);
        using var bob = await region.B.JoinAsync(room.Value, "bob", path);
        await alice.JoinedAsync();
        var joined = await bob.JoinedAsync();
        Assert.Equal(["alice"], joined.OtherParticipants.Select(p => p.Identity));
        await bob.PingAsync(7);

        var heartbeat = await Eventually.HasAsync(
            async () => await region.HeartbeatAsync(region.A) is { } h && h.Rooms.Any(r => r.Room == room && r.Participants == 2) ? h : null, Patience, "the owner reports both");
        Assert.Equal(1, heartbeat.Rooms.Single(r => r.Room == room).Generation);
        Assert.DoesNotContain((await region.HeartbeatAsync(region.B))!.Rooms, r => r.Room == room);
    }

    [Fact]
    public async Task A_proxied_client_resumes_through_either_node()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var first = await region.B.JoinAsync(room.Value, "alice");
        var joined = await first.JoinedAsync();
        using var resumed = await region.B.JoinAsync(room.Value, "alice", extra: $"&reconnect=1&sid={joined.Participant.Sid}");
        Assert.NotNull((await resumed.ReceiveAsync())!.Reconnect);
        using var direct = await region.A.JoinAsync(room.Value, "alice", extra: $"&reconnect=1&sid={joined.Participant.Sid}");
        Assert.NotNull((await direct.ReceiveAsync())!.Reconnect);
    }

    [Fact]
    public async Task An_unknown_room_is_not_found_in_the_words_clients_expect()
    {
        var room = region.NewRoom();
        await Assert.ThrowsAsync<WebSocketException>(() => region.B.JoinAsync(room.Value, "alice"));
        Assert.Equal((404, "requested room does not exist"), await region.B.ValidateAsync(room.Value, "alice"));
        Assert.Equal((404, "requested room does not exist"), await region.B.ValidateAsync(room.Value, "alice", "/rtc/v1"));
    }

    [Fact]
    public async Task A_room_whose_node_cannot_be_reached_is_to_be_tried_again()
    {
        var room = region.NewRoom();
        var route = await region.PlaceAsync(room, region.A);
        var dead = route with { Node = new NodeId("node-dead"), Endpoint = "http://127.0.0.1:1", Generation = 2 };
        await region.Database.StringSetAsync(region.Keys.Route(room), ContractJson.Write(dead, ContractJson.Default.RoomRoute));
        await Assert.ThrowsAsync<WebSocketException>(() => region.B.JoinAsync(room.Value, "alice"));
        Assert.Equal(503, (await region.B.ValidateAsync(room.Value, "alice")).Status);

        await region.PlaceAsync(room, region.B, generation: 3);
        using var back = await region.A.JoinAsync(room.Value, "alice");
        await back.JoinedAsync();
    }

    [Fact]
    public async Task A_room_that_moves_sends_its_clients_on()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        using var bob = await region.B.JoinAsync(room.Value, "bob");
        await alice.JoinedAsync();
        await bob.JoinedAsync();

        await region.PlaceAsync(room, region.B, generation: 2);
        foreach (var client in (SignalClient[])[alice, bob])
        {
            Assert.Equal(LeaveAction.Reconnect, (await client.UntilAsync(m => m.Leave is not null)).Leave.Action);
        }

        using var again = await region.A.JoinAsync(room.Value, "alice");
        await again.JoinedAsync();
        await Eventually.IsAsync(
            async () => await region.HeartbeatAsync(region.B) is { } h && h.Rooms.Any(r => r is { Generation: 2, Participants: 1 } && r.Room == room)
                && await region.HeartbeatAsync(region.A) is { } old && old.Rooms.All(r => r.Room != room),
            Patience,
            "only the new node has the room");
    }

    [Fact]
    public async Task A_room_that_ends_tells_its_clients_and_is_gone()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await region.PlaceAsync(room, region.A, generation: 2, state: RoomRouteState.Ended);
        var leave = (await alice.UntilAsync(m => m.Leave is not null)).Leave;
        Assert.Equal((LeaveAction.Disconnect, DisconnectReason.RoomDeleted), (leave.Action, leave.Reason));
        Assert.Equal(404, (await region.A.ValidateAsync(room.Value, "alice")).Status);
    }

    [Fact]
    public async Task A_node_that_was_away_while_its_room_moved_serves_nobody()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.B);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();

        // Stopped in its tracks, its heartbeat expires; the room is placed elsewhere meanwhile.
        SignalClient bob;
        await region.B.HangAsync(true);
        try
        {
            await Eventually.IsAsync(async () => !await region.Database.KeyExistsAsync(region.Keys.Node(region.B.Id)), Patience, "the heartbeat expires");
            await region.PlaceAsync(room, region.A, generation: 2);
            bob = await region.A.JoinAsync(room.Value, "bob");
            await bob.JoinedAsync();
        }
        finally
        {
            await region.B.HangAsync(false);
        }

        Assert.Equal(LeaveAction.Reconnect, (await alice.UntilAsync(m => m.Leave is not null)).Leave.Action);
        using var carol = await Eventually.HasAsync(() => region.B.TryJoinAsync(room, "carol"), Patience, "the node that came back passes newcomers on");
        Assert.Contains((await carol.JoinedAsync()).OtherParticipants, p => p.Identity == "bob");
        bob.Dispose();
    }

    [Fact]
    public async Task An_older_generation_has_no_say()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A, generation: 5);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await region.PlaceAsync(room, region.B, generation: 4);
        await Task.WhenAll(alice.PingAsync(1), Task.Delay(TimeSpan.FromSeconds(1.5)));
        await alice.PingAsync(2);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_revoked_participant_is_put_out(bool announce)
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await region.RevokeAsync(room, "alice", announce);
        var leave = (await alice.UntilAsync(m => m.Leave is not null)).Leave;
        Assert.Equal(DisconnectReason.ParticipantRemoved, leave.Reason);
        foreach (var node in (FleetNode[])[region.A, region.B])
        {
            Assert.Equal((401, "the token has been revoked"), await node.ValidateAsync(room.Value, "alice"));
            await Assert.ThrowsAsync<WebSocketException>(() => node.JoinAsync(room.Value, "alice"));
        }

        // A token made after the revocation counts again.
        Assert.Equal(200, (await region.B.ValidateAsync(room.Value, "alice", issuedAt: DateTimeOffset.UtcNow.AddSeconds(45))).Status);
    }

    [Fact]
    public async Task A_demotion_refuses_older_tokens_and_leaves_the_connected_in_peace()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        using var bob = await region.A.JoinAsync(room.Value, "bob");
        await alice.JoinedAsync();
        await bob.JoinedAsync();
        await region.RevokeAsync(room, "alice", announce: true, keepsConnected: true);
        await Eventually.IsAsync(async () => (await region.A.ValidateAsync(room.Value, "alice")).Status == 401, Patience, "the token is refused");

        // Revocations of a room are read in one go: when bob is out, alice has been passed over.
        await region.RevokeAsync(room, "bob", announce: false);
        await bob.UntilAsync(m => m.Leave is not null);
        await alice.PingAsync(7);
    }

    [Fact]
    public async Task Limits_take_effect_on_a_live_room()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.A.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await region.PlaceAsync(room, region.A, limits: new RoomLimits(MaxParticipants: 1));
        await alice.UntilAsync(m => m.RoomUpdate?.Room.MaxParticipants == 1);
        await Assert.ThrowsAsync<WebSocketException>(() => region.B.JoinAsync(room.Value, "bob"));

        await region.PlaceAsync(room, region.A, limits: new RoomLimits(Locked: true));
        await Eventually.IsAsync(
            async () => await region.A.ValidateAsync(room.Value, "bob") == (403, "the room is locked"), Patience, "the room is locked");
        Assert.Equal(200, (await region.A.ValidateAsync(room.Value, "alice")).Status);
        await region.PlaceAsync(room, region.A);
        using var bob = await Eventually.HasAsync(() => region.B.TryJoinAsync(room, "bob"), Patience, "an unlocked room takes people");
        await bob.JoinedAsync();
    }

    [Fact]
    public async Task What_is_not_encrypted_is_refused_in_a_room_that_requires_it()
    {
        var room = region.NewRoom();
        await region.PlaceAsync(room, region.A);
        using var alice = await region.B.JoinAsync(room.Value, "alice");
        await alice.JoinedAsync();
        await alice.SendAsync(new SignalRequest { AddTrack = Camera("clear", Encryption.Types.Type.None) });
        var refused = (await alice.UntilAsync(m => m.RequestResponse?.AddTrack?.Cid == "clear")).RequestResponse;
        Assert.Equal(RequestResponse.Types.Reason.NotAllowed, refused.Reason);
        Assert.Contains("end-to-end encryption", refused.Message, StringComparison.Ordinal);

        await alice.SendAsync(new SignalRequest { AddTrack = Camera("sealed", Encryption.Types.Type.Gcm) });
        await alice.UntilAsync(m => m.TrackPublished?.Cid == "sealed");
    }

    private static AddTrackRequest Camera(string cid, Encryption.Types.Type encryption) => new()
    {
        Cid = cid,
        Name = "camera",
        Type = TrackType.Video,
        Source = TrackSource.Camera,
        Encryption = encryption,
    };
}
