using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Speakers;
using BuildIt.Sfu.Signaling.Protocol;
using LinkQuality = BuildIt.Sfu.Media.Quality.LinkQuality;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.News;

/// <summary>Whoever comes later knows what those know who were there.</summary>
public class NewcomerTests
{
    private readonly RoomFixture _fixture = new();

    [Fact]
    public void Who_joins_is_told_who_is_speaking_and_how_good_connections_are()
    {
        var alice = Speaking("alice");
        _fixture.Room.OnQualityChanged([new ParticipantQuality(alice.Sid, LinkQuality.Poor, 2)], _fixture.Now);
        var messages = _fixture.Activate("bob").Take();
        var speaker = Assert.Single(messages.Single(m => m.SpeakersChanged is not null).SpeakersChanged.Speakers);
        Assert.Equal((alice.Sid.Value, true, 0.5f), (speaker.Sid, speaker.Active, speaker.Level));
        var quality = Assert.Single(messages.Single(m => m.ConnectionQuality is not null).ConnectionQuality.Updates);
        Assert.Equal((alice.Sid.Value, ConnectionQuality.Poor), (quality.ParticipantSid, quality.Quality));
    }

    [Fact]
    public void Who_subscribes_again_is_told_once_for_each_whom_it_begins_to_receive()
    {
        var alice = Speaking("alice");
        alice.Publish("video");
        var bob = _fixture.Activate("bob", join: p => p with { AutoSubscribe = false });
        Assert.Empty(bob.Take(m => m.SpeakersChanged));
        string[] tracks = [.. alice.Peer.Published.Keys];
        Ask(subscribe: true);
        Assert.True(Assert.Single(Assert.Single(bob.Take(m => m.SpeakersChanged)).Speakers).Active);
        Ask(subscribe: false);
        Assert.False(Assert.Single(Assert.Single(bob.Take(m => m.SpeakersChanged)).Speakers).Active);
        Ask(subscribe: true);
        Assert.True(Assert.Single(Assert.Single(bob.Take(m => m.SpeakersChanged)).Speakers).Active);

        void Ask(bool subscribe) =>
            bob.Ask(new SignalRequest { Subscription = new UpdateSubscription { TrackSids = { tracks }, Subscribe = subscribe } });
    }

    [Fact]
    public void Those_who_stopped_or_left_are_not_told_as_speaking()
    {
        var alice = Speaking("alice");
        var carol = Speaking("carol");
        _fixture.Room.OnSpeakersChanged([new SpeakerLevel(alice.Sid, 0, false)], _fixture.Now);
        carol.Ask(new SignalRequest { Leave = new LeaveRequest() });
        Assert.Empty(_fixture.Activate("bob").Take(m => m.SpeakersChanged));
    }

    [Fact]
    public void A_resumed_client_is_told_who_speaks_who_stopped_what_is_paused_and_what_is_denied()
    {
        var alice = Speaking("alice");
        var carol = Speaking("carol");
        var video = carol.Publish("video");
        var bob = _fixture.Activate("bob");
        bob.LoseSignal();
        _fixture.Room.OnSpeakersChanged([new SpeakerLevel(alice.Sid, 0, false)], _fixture.Now);
        bob.Peer.Events.OnStreamState(new TrackSid(video.Sid), TrackStreamState.Paused, _fixture.Now);
        alice.Ask(new SignalRequest { SubscriptionPermission = new SubscriptionPermission { AllParticipants = false } });

        var messages = bob.Resume().Take();
        var speakers = messages.Where(m => m.SpeakersChanged is not null).SelectMany(m => m.SpeakersChanged.Speakers).ToDictionary(s => s.Sid, s => s.Active);
        Assert.True(speakers[carol.Sid.Value]);
        var states = messages.Where(m => m.StreamStateUpdate is not null).SelectMany(m => m.StreamStateUpdate.StreamStates).ToDictionary(s => s.TrackSid, s => s.State);
        Assert.Equal(StreamState.Paused, states[video.Sid]);
        Assert.Contains(messages, m => m.SubscriptionPermissionUpdate is { Allowed: false } denied && denied.ParticipantSid == alice.Sid.Value);
    }

    private TestClient Speaking(string identity)
    {
        var client = _fixture.Activate(identity);
        client.Publish("microphone", TrackType.Audio, TrackSource.Microphone);
        _fixture.Room.OnSpeakersChanged([new SpeakerLevel(client.Sid, 0.5f, true)], _fixture.Now);
        client.Take();
        return client;
    }
}
