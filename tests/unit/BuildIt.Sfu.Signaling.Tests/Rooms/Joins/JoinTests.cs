using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Joins;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Tokens;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Joins;

public class JoinTests
{
    [Fact]
    public void Join_response_comes_first_and_is_complete()
    {
        var fixture = new RoomFixture(new RoomOptions { Name = "room", Metadata = "meta", SifTrailer = new byte[] { 1, 2 } });
        fixture.Connect("bob");
        var alice = fixture.Connect("alice", join: p => p with { SinglePeerConnection = false });

        var join = alice.Received[0].Join;
        Assert.Equal(("RM_1", "room", "meta"), (join.Room.Sid, join.Room.Name, join.Room.Metadata));
        Assert.Equal(("alice", "ALICE", ParticipantInfo.Types.State.Joined), (join.Participant.Identity, join.Participant.Name, join.Participant.State));
        Assert.True(join.Participant.Permission is { CanPublish: true, CanSubscribe: true, CanPublishData: true });
        Assert.StartsWith("PA_", join.Participant.Sid, StringComparison.Ordinal);
        Assert.Equal(["bob"], join.OtherParticipants.Select(p => p.Identity));
        Assert.Equal(("1.13.5", "1.13.5", 17), (join.ServerVersion, join.ServerInfo.Version, join.ServerInfo.Protocol));
        Assert.Equal((5, 15), (join.PingInterval, join.PingTimeout));
        Assert.True(join.SubscriberPrimary && join.FastPublish);
        Assert.StartsWith("video/", join.EnabledPublishCodecs[0].Mime, StringComparison.Ordinal);
        Assert.Equal(new byte[] { 1, 2 }, join.SifTrailer.ToByteArray());
    }

    [Theory]
    [InlineData(false, 13, true, true)]
    [InlineData(false, 2, true, false)]
    [InlineData(false, 17, false, false)]
    [InlineData(true, 17, true, false)]
    public void Subscriber_is_primary_with_two_connections_only(bool single, int protocol, bool canSubscribe, bool expected)
    {
        var alice = new RoomFixture().Connect(
            "alice",
            c => c with { Video = c.Video with { CanSubscribe = canSubscribe } },
            p => p with { SinglePeerConnection = single, Client = new ClientInfo { Protocol = protocol } });
        Assert.Equal(expected, alice.Received[0].Join.SubscriberPrimary);
        Assert.Equal(single, alice.Peer.Options.SinglePeerConnection);
    }

    [Fact]
    public void Tracks_and_offer_of_a_v1_join_are_answered_after_it()
    {
        var alice = new RoomFixture().Connect("alice", join: p => p with
        {
            AddTracks = [new AddTrackRequest { Cid = "c", Type = TrackType.Video, Source = TrackSource.Camera }],
            PublisherOffer = new SessionDescription { Type = "offer", Sdp = "o", Id = 7 },
            Offer = RemoteDescription.Parse("o"),
        });
        var kinds = alice.Received.Select(r => r.MessageCase).ToList();
        Assert.Equal(SignalResponse.MessageOneofCase.Join, kinds[0]);
        Assert.True(kinds.IndexOf(SignalResponse.MessageOneofCase.TrackPublished) < kinds.IndexOf(SignalResponse.MessageOneofCase.Answer));
        var answer = alice.Received.Single(r => r.Answer is not null).Answer;
        Assert.Equal((7u, "answer", "answer to o", "TR_x"), (answer.Id, answer.Type, answer.Sdp, answer.MidToTrackId["0"]));
    }

    [Fact]
    public void Others_learn_of_joins_activity_and_leaving()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        fixture.Advance(TimeSpan.FromSeconds(10));
        bob.Take();

        var alice = fixture.Connect("alice");
        Assert.Equal(ParticipantInfo.Types.State.Joined, bob.Take(r => r.Update).Single().Participants.Single().State);

        alice.Peer.Events.OnReady(fixture.Now);
        Assert.Empty(bob.Take(r => r.Update));
        fixture.Advance(ParticipantNews.BatchInterval);
        Assert.Equal(ParticipantInfo.Types.State.Active, bob.Take(r => r.Update).Single().Participants.Single().State);

        alice.Ask(new SignalRequest { Leave = new LeaveRequest() });
        fixture.Advance(ParticipantNews.BatchInterval);
        var gone = bob.Take(r => r.Update).Single().Participants.Single();
        Assert.Equal(("alice", ParticipantInfo.Types.State.Disconnected, DisconnectReason.ClientInitiated), (gone.Identity, gone.State, gone.DisconnectReason));
        Assert.True(alice.Closed);
        Assert.True(alice.Peer.Closed);
        Assert.Equal(["room_started", "participant_joined", "participant_joined", "participant_left"], fixture.EventNames);
    }

    [Fact]
    public void Bursts_of_listeners_are_told_in_batches()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        fixture.Advance(TimeSpan.FromSeconds(10));
        bob.Take();
        for (var i = 0; i < 50; i++)
        {
            fixture.Connect($"listener{i}");
        }

        fixture.Advance(ParticipantNews.BatchInterval);
        var updates = bob.Take(r => r.Update);
        Assert.Equal(2, updates.Count);
        Assert.Equal(50, updates.Sum(u => u.Participants.Count));
    }

    [Fact]
    public void Same_identity_evicts_the_older_session()
    {
        var fixture = new RoomFixture();
        var old = fixture.Activate("alice");
        old.Take();
        var young = fixture.Connect("alice");

        var leave = old.Take(r => r.Leave).Single();
        Assert.Equal((DisconnectReason.DuplicateIdentity, LeaveAction.Disconnect, false), (leave.Reason, leave.Action, leave.CanReconnect));
        Assert.True(old.Closed);
        Assert.NotEqual(old.Sid, young.Sid);
        Assert.Equal(1, fixture.Room.Figures.ParticipantCount);
        old.LoseSignal();
        Assert.Equal(1, fixture.Room.Figures.ParticipantCount);
    }

    [Fact]
    public void Full_rooms_refuse_people_but_not_agents_nor_returners()
    {
        var fixture = new RoomFixture(new RoomOptions { Name = "room", MaxParticipants = 2 });
        fixture.Connect("a");
        fixture.Connect("b");
        Assert.Equal(JoinError.RoomFull, new TestClient(fixture, "c").Join().Error);
        Assert.Null(new TestClient(fixture, "a").Join().Error);
        Assert.Null(new TestClient(fixture, "agent").Join(c => c with { Kind = "agent" }).Error);
    }

    [Fact]
    public void Hidden_participants_are_not_announced()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        fixture.Advance(TimeSpan.FromSeconds(10));
        bob.Take();
        var spy = fixture.Activate("spy", c => c with { Video = c.Video with { Hidden = true } });
        fixture.Advance(TimeSpan.FromSeconds(10));
        Assert.Empty(bob.Take(r => r.Update));
        Assert.DoesNotContain(fixture.Connect("late").Received[0].Join.OtherParticipants, p => p.Identity == "spy");
        Assert.Equal(["bob"], spy.Received[0].Join.OtherParticipants.Select(p => p.Identity));
        spy.Ask(new SignalRequest { Leave = new LeaveRequest() });
        fixture.Advance(TimeSpan.FromSeconds(10));
        Assert.DoesNotContain(bob.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "spy");
    }

    [Fact]
    public void Session_without_media_ends_after_a_minute()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Connect("alice");
        fixture.Advance(Arrivals.JoinTimeout);
        Assert.Equal(DisconnectReason.JoinFailure, alice.Take(r => r.Leave).Single().Reason);
        Assert.Contains("participant_connection_aborted", fixture.EventNames);
    }

    [Fact]
    public void Signal_lost_before_media_ends_the_session_and_later_does_not()
    {
        var fixture = new RoomFixture();
        fixture.Connect("early").LoseSignal();
        Assert.Equal(0, fixture.Room.Figures.ParticipantCount);
        fixture.Activate("late").LoseSignal();
        fixture.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, fixture.Room.Figures.ParticipantCount);
    }

    [Fact]
    public void Rooms_close_when_empty()
    {
        var never = new RoomFixture(new RoomOptions { Name = "room", EmptyTimeout = TimeSpan.FromSeconds(30) });
        never.Advance(TimeSpan.FromSeconds(29));
        Assert.Null(never.EndReason);
        never.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(RoomEndReason.RoomEndIdleTimeout, never.EndReason);

        var left = new RoomFixture(new RoomOptions { Name = "room", DepartureTimeout = TimeSpan.FromSeconds(10) });
        left.Activate("a").Ask(new SignalRequest { Leave = new LeaveRequest() });
        left.Advance(TimeSpan.FromSeconds(9));
        left.Activate("b").Ask(new SignalRequest { Leave = new LeaveRequest() });
        left.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(left.EndReason);
        left.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(left.EndReason);
        Assert.True(left.Media.Closed);
        Assert.Equal("room_finished", left.EventNames.Last());
        Assert.Equal(JoinError.Unavailable, new TestClient(left, "c").Join().Error);
    }

    [Fact]
    public void Deleted_rooms_send_everybody_away()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        fixture.Room.End(DisconnectReason.RoomDeleted, RoomEndReason.RoomEndApiDelete, fixture.Now);
        Assert.Equal(DisconnectReason.RoomDeleted, alice.Take(r => r.Leave).Single().Reason);
        Assert.True(alice.Closed);
    }

    [Fact]
    public void Tokens_are_refreshed_soon_and_then_every_five_minutes()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        fixture.Advance(TimeSpan.FromSeconds(2));
        var first = alice.Take().Single(r => r.MessageCase == SignalResponse.MessageOneofCase.RefreshToken).RefreshToken;
        fixture.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(2, alice.Take().Count(r => r.MessageCase == SignalResponse.MessageOneofCase.RefreshToken));

        var at = fixture.Services.Clock.At(Instant.FromMilliseconds(3000));
        Assert.Equal(TokenError.None, new TokenVerifier(RoomFixture.Keys).Verify(first, at + TimeSpan.FromMinutes(9), out var claims));
        Assert.Equal(("alice", "room", true), (claims.Identity, claims.Video.Room, claims.Video.RoomJoin));
    }

    [Fact]
    public void A_refreshed_token_is_as_old_as_the_rights_it_carries()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        fixture.Advance(TimeSpan.FromSeconds(2));
        var joined = fixture.Room.Figures.MembersHere().Single().JoinedAt;
        Assert.Equal(joined, IssuedAt(alice));
        fixture.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(joined, IssuedAt(alice));

        var demoted = fixture.Services.Clock.At(fixture.Now);
        fixture.Room.Moderation.UpdateParticipant(new UpdateParticipantRequest { Identity = "alice", Permission = new ParticipantPermission { CanSubscribe = true } }, fixture.Now, out _);
        Assert.Equal(demoted, IssuedAt(alice));
        fixture.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(demoted, IssuedAt(alice));

        DateTimeOffset IssuedAt(TestClient client)
        {
            var token = client.Take().Single(r => r.MessageCase == SignalResponse.MessageOneofCase.RefreshToken).RefreshToken;
            Assert.Equal(TokenError.None, new TokenVerifier(RoomFixture.Keys).Verify(token, fixture.Services.Clock.At(fixture.Now) + TimeSpan.FromMinutes(4), out var claims));
            return claims.IssuedAt!.Value;
        }
    }

    [Fact]
    public void Room_updates_are_limited()
    {
        var fixture = new RoomFixture();
        var bob = fixture.Activate("bob");
        fixture.Advance(TimeSpan.FromSeconds(20));
        bob.Take();
        for (var i = 0; i < 10; i++)
        {
            fixture.Activate($"p{i}");
            fixture.Advance(TimeSpan.FromSeconds(1));
        }

        fixture.Advance(RoomUpdates.Interval);
        var updates = bob.Take(r => r.RoomUpdate);
        Assert.InRange(updates.Count, 2, 4);
        Assert.Equal(11u, updates[^1].Room.NumParticipants);
    }

    [Fact]
    public void Candidates_reach_media_and_junk_does_not()
    {
        var alice = new RoomFixture().Activate("alice");
        alice.Ask(new SignalRequest { Trickle = new TrickleRequest { Target = SignalTarget.Subscriber, CandidateInit = """{"candidate":"candidate:1","sdpMid":"0","sdpMLineIndex":0}""" } });
        foreach (var junk in new[] { "", "{", "[]", "7", """{"candidate":5}""", """{"candidate":""}""", new string('[', 4000) })
        {
            alice.Ask(new SignalRequest { Trickle = new TrickleRequest { CandidateInit = junk } });
        }

        Assert.Equal(["Subscriber candidate:1"], alice.Peer.Candidates);
    }

    [Fact]
    public void Descriptions_that_media_rejects_start_the_client_anew()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        alice.Ask(new SignalRequest { Offer = new SessionDescription { Sdp = "bad" } });
        Assert.Equal(LeaveAction.Reconnect, alice.Take(r => r.Leave).Single().Action);
        Assert.Equal(0, fixture.Room.Figures.ParticipantCount);
    }

    [Fact]
    public void Server_offers_count_up()
    {
        var fixture = new RoomFixture();
        var alice = fixture.Activate("alice");
        alice.Take();
        alice.Peer.Events.OnOffer("a", new Dictionary<string, string> { ["0"] = "TR_1" }, fixture.Now);
        alice.Peer.Events.OnOffer("b", new Dictionary<string, string>(), fixture.Now);
        alice.Peer.Events.OnMediaSectionsRequired(1, 2, fixture.Now);
        var messages = alice.Take();
        Assert.Equal((1u, 2u, "TR_1"), (messages[0].Offer.Id, messages[1].Offer.Id, messages[0].Offer.MidToTrackId["0"]));
        Assert.Equal((1u, 2u), (messages[2].MediaSectionsRequirement.NumAudios, messages[2].MediaSectionsRequirement.NumVideos));
    }
}
