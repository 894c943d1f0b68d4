using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Administration;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using BuildIt.Sfu.Signaling.Tokens;
using LinkQuality = BuildIt.Sfu.Media.Quality.LinkQuality;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Tracks;

public class SubscriptionTests
{
    private readonly RoomFixture _fixture = new();

    [Theory]
    [InlineData(true, true, null, true)]
    [InlineData(true, true, false, false)]
    [InlineData(false, true, null, false)]
    [InlineData(false, true, true, true)]
    [InlineData(true, false, null, false)]
    [InlineData(true, false, true, false)]
    public void Wish_setting_and_permission_decide(bool auto, bool maySubscribe, bool? wish, bool expected)
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish();
        var bob = _fixture.Activate("bob", c => c with { Video = c.Video with { CanSubscribe = maySubscribe } }, p => p with { AutoSubscribe = auto });
        if (wish is { } subscribe)
        {
            bob.Ask(new SignalRequest { Subscription = new UpdateSubscription { TrackSids = { track.Sid }, Subscribe = subscribe } });
        }

        Assert.Equal(expected, bob.Peer.Subscribed.ContainsKey(track.Sid));
    }

    [Fact]
    public void Wishes_by_participant_count_too()
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish();
        var bob = _fixture.Activate("bob");
        bob.Ask(new SignalRequest
        {
            Subscription = new UpdateSubscription { ParticipantTracks = { new ParticipantTracks { ParticipantSid = alice.Sid.Value, TrackSids = { track.Sid } } } },
        });
        Assert.Empty(bob.Peer.Subscribed);
    }

    [Fact]
    public void Settings_reach_media_also_when_they_came_first()
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish();
        var bob = _fixture.Activate("bob", join: p => p with { AutoSubscribe = false });
        bob.Ask(new SignalRequest { TrackSetting = new UpdateTrackSettings { TrackSids = { track.Sid }, Width = 320, Height = 180, Quality = VideoQuality.Low } });
        bob.Ask(new SignalRequest { Subscription = new UpdateSubscription { TrackSids = { track.Sid }, Subscribe = true } });
        Assert.Equal((320, 180, VideoQualityLevel.Low), (bob.Peer.Subscribed[track.Sid].Width, bob.Peer.Subscribed[track.Sid].Height, bob.Peer.Subscribed[track.Sid].Quality));
        bob.Ask(new SignalRequest { TrackSetting = new UpdateTrackSettings { TrackSids = { track.Sid }, Disabled = true, Priority = 3 } });
        Assert.True(bob.Peer.Subscribed[track.Sid] is { Disabled: true, Priority: 3 });
    }

    [Fact]
    public void Missing_track_is_reported_after_a_minute()
    {
        var bob = _fixture.Activate("bob");
        bob.Ask(new SignalRequest { Subscription = new UpdateSubscription { TrackSids = { "TR_none" }, Subscribe = true } });
        bob.Take();
        _fixture.Advance(SubscriptionEngine.NotFoundAfter - TimeSpan.FromSeconds(1));
        Assert.Empty(bob.Take(r => r.SubscriptionResponse));
        _fixture.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(("TR_none", SubscriptionError.SeTrackNotfound), bob.Take(r => r.SubscriptionResponse).Select(r => (r.TrackSid, r.Err)).Single());
    }

    [Fact]
    public void Unsupported_codec_is_reported()
    {
        var track = _fixture.Activate("alice").Publish();
        var bob = _fixture.Activate("bob");
        bob.Take();
        bob.Peer.Events.OnSubscriptionFailed(new TrackSid(track.Sid), SubscriptionFailure.CodecUnsupported, _fixture.Now);
        Assert.Equal(SubscriptionError.SeCodecUnsupported, bob.Take(r => r.SubscriptionResponse).Single().Err);
    }

    [Fact]
    public void What_media_cannot_send_yet_is_changed_and_given_up_like_anything_else()
    {
        var track = _fixture.Activate("alice").Publish();
        var bob = _fixture.Activate("bob");
        bob.Peer.Events.OnSubscriptionFailed(new TrackSid(track.Sid), SubscriptionFailure.CodecUnsupported, _fixture.Now);
        bob.Ask(new SignalRequest { TrackSetting = new UpdateTrackSettings { TrackSids = { track.Sid }, Disabled = true } });
        Assert.True(bob.Peer.Subscribed[track.Sid].Disabled);
        bob.Ask(new SignalRequest { Subscription = new UpdateSubscription { TrackSids = { track.Sid }, Subscribe = false } });
        Assert.Empty(bob.Peer.Subscribed);
        bob.Ask(new SignalRequest { Subscription = new UpdateSubscription { TrackSids = { track.Sid }, Subscribe = true } });
        Assert.Equal([track.Sid], bob.Peer.Subscribed.Keys);
    }

    [Fact]
    public void Publisher_decides_who_may_subscribe()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var carol = _fixture.Activate("carol");
        var camera = alice.Publish("cam");
        var microphone = alice.Publish("mic", TrackType.Audio, TrackSource.Microphone);
        bob.Take();

        alice.Ask(new SignalRequest
        {
            SubscriptionPermission = new SubscriptionPermission
            {
                TrackPermissions =
                {
                    new TrackPermission { ParticipantIdentity = "bob", TrackSids = { microphone.Sid } },
                    new TrackPermission { ParticipantSid = carol.Sid.Value, AllTracks = true },
                },
            },
        });
        Assert.Equal([microphone.Sid], bob.Peer.Subscribed.Keys);
        Assert.Equal(2, carol.Peer.Subscribed.Count);
        var denied = bob.Take(r => r.SubscriptionPermissionUpdate).Single();
        Assert.Equal((alice.Sid.Value, camera.Sid, false), (denied.ParticipantSid, denied.TrackSid, denied.Allowed));

        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission { AllParticipants = true } });
        Assert.Equal(2, bob.Peer.Subscribed.Count);
        Assert.True(bob.Take(r => r.SubscriptionPermissionUpdate).Single().Allowed);
    }

    [Fact]
    public void Losing_permissions_ends_what_they_allowed()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var mine = alice.Publish();
        bob.Publish("b");
        alice.Take();
        bob.Take();

        Assert.Equal(ModerationError.None, _fixture.Room.Moderation.UpdateParticipant(
            new UpdateParticipantRequest { Identity = "alice", Permission = new ParticipantPermission { CanPublishData = true } }, _fixture.Now, out var info));
        Assert.Empty(info!.Tracks);
        var messages = alice.Take();
        Assert.Equal(mine.Sid, messages.Single(m => m.TrackUnpublished is not null).TrackUnpublished.TrackSid);
        Assert.Empty(alice.Peer.Subscribed);
        Assert.Empty(alice.Peer.Published);
        var token = messages.Single(m => m.MessageCase == SignalResponse.MessageOneofCase.RefreshToken).RefreshToken;
        new TokenVerifier(RoomFixture.Keys).Verify(token, _fixture.Services.Clock.At(_fixture.Now), out var claims);
        Assert.False(claims.Video.MayPublish || claims.Video.MaySubscribe);
        Assert.False(messages.Last(m => m.Update is not null).Update.Participants.Single().Permission.CanPublish);

        _fixture.Room.Moderation.UpdateParticipant(
            new UpdateParticipantRequest { Identity = "alice", Permission = new ParticipantPermission { CanSubscribe = true } }, _fixture.Now, out _);
        Assert.Single(alice.Peer.Subscribed);
    }

    [Fact]
    public void Becoming_hidden_looks_like_leaving()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        alice.Publish();
        bob.Take();
        _fixture.Room.Moderation.UpdateParticipant(
            new UpdateParticipantRequest { Identity = "alice", Permission = new ParticipantPermission { CanPublish = true, CanSubscribe = true, Hidden = true } }, _fixture.Now, out _);
        Assert.Equal(ParticipantInfo.Types.State.Disconnected, bob.Take(r => r.Update).Single().Participants.Single().State);
        Assert.Empty(bob.Peer.Subscribed);
    }

    [Fact]
    public void Speakers_and_quality_reach_receivers_and_self_only()
    {
        var alice = _fixture.Activate("alice");
        var bob = _fixture.Activate("bob");
        var carol = _fixture.Activate("carol", join: p => p with { AutoSubscribe = false });
        var track = alice.Publish("m", TrackType.Audio, TrackSource.Microphone);
        foreach (var client in new[] { alice, bob, carol })
        {
            client.Take();
        }

        _fixture.Room.OnSpeakersChanged([new SpeakerLevel(alice.Sid, 0.5f, true)], _fixture.Now);
        _fixture.Room.OnQualityChanged([new ParticipantQuality(alice.Sid, LinkQuality.Poor, 1.5f)], _fixture.Now);
        foreach (var client in new[] { alice, bob })
        {
            var messages = client.Take();
            Assert.Equal((alice.Sid.Value, 0.5f, true), messages[0].SpeakersChanged.Speakers.Select(s => (s.Sid, s.Level, s.Active)).Single());
            Assert.Equal((alice.Sid.Value, ConnectionQuality.Poor), messages[1].ConnectionQuality.Updates.Select(u => (u.ParticipantSid, u.Quality)).Single());
        }

        Assert.Empty(carol.Take());
        bob.Ask(new SignalRequest { Subscription = new UpdateSubscription { TrackSids = { track.Sid } } });
        Assert.False(bob.Take(r => r.SpeakersChanged).Single().Speakers.Single().Active);
    }

    [Fact]
    public void Stream_state_names_the_publisher()
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish();
        var bob = _fixture.Activate("bob");
        bob.Take();
        bob.Peer.Events.OnStreamState(new TrackSid(track.Sid), TrackStreamState.Paused, _fixture.Now);
        var state = bob.Take(r => r.StreamStateUpdate).Single().StreamStates.Single();
        Assert.Equal((alice.Sid.Value, track.Sid, StreamState.Paused), (state.ParticipantSid, state.TrackSid, state.State));
    }

    [Fact]
    public void Made_up_names_do_not_fill_memory()
    {
        var fixture = new RoomFixture(limits: new ClientLimits { Subscriptions = 100 });
        var bob = fixture.Activate("bob");
        var request = new UpdateSubscription { Subscribe = true };
        request.TrackSids.AddRange(Enumerable.Range(0, 5000).Select(i => $"TR_{i}"));
        bob.Ask(new SignalRequest { Subscription = request });
        bob.Take();
        fixture.Advance(SubscriptionEngine.NotFoundAfter);
        Assert.Equal(100, bob.Take(r => r.SubscriptionResponse).Count);
    }
}
