using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Joins;

public class ResumeTests
{
    private readonly RoomFixture _fixture = new();

    [Fact]
    public void Resume_keeps_the_session_and_repeats_everything_in_order()
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish();
        var bob = _fixture.Activate("bob");
        var carol = _fixture.Activate("carol");
        alice.LoseSignal();
        carol.Ask(new SignalRequest { Leave = new LeaveRequest() });

        var back = alice.Resume();
        Assert.Equal(alice.Sid, back.Sid);
        Assert.Equal("1.13.5", back.Received[0].Reconnect.ServerInfo.Version);
        Assert.Equal(("carol", ParticipantInfo.Types.State.Disconnected), back.Received[1].Update.Participants.Select(p => (p.Identity, p.State)).Single());
        Assert.Equal(["alice", "bob"], back.Received[2].Update.Participants.Select(p => p.Identity));
        Assert.Equal(track.Sid, back.Received[2].Update.Participants[0].Tracks.Single().Sid);
        Assert.NotNull(back.Received[3].RoomUpdate);
        Assert.Equal(1, alice.Peer.IceRestarts);
        Assert.False(alice.Peer.Closed);
        Assert.DoesNotContain(bob.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "alice" && p.State == ParticipantInfo.Types.State.Disconnected);
    }

    [Fact]
    public void Messages_of_the_replaced_connection_are_ignored()
    {
        var alice = _fixture.Activate("alice");
        var back = alice.Resume();
        Assert.True(alice.Closed);
        alice.Ask(new SignalRequest { Leave = new LeaveRequest() });
        alice.LoseSignal();
        Assert.False(back.Closed);
        back.Ask(new SignalRequest { Leave = new LeaveRequest() });
        Assert.True(back.Closed);
    }

    [Theory]
    [InlineData("nobody", "PA_x")]
    [InlineData("alice", "PA_other")]
    public void Unknown_session_starts_anew(string identity, string sid)
    {
        _fixture.Activate("alice");
        var client = new TestClient(_fixture, identity);
        Assert.Null(client.Join(join: p => p with { Reconnect = true, ParticipantSid = sid }).Error);
        var leave = client.Received.Single().Leave;
        Assert.Equal((DisconnectReason.StateMismatch, LeaveAction.Reconnect, true), (leave.Reason, leave.Action, leave.CanReconnect));
        Assert.True(client.Closed);
    }

    [Fact]
    public void Track_the_room_does_not_know_is_a_mismatch()
    {
        var alice = _fixture.Activate("alice");
        var track = alice.Publish();
        var back = alice.Resume();
        back.Ask(new SignalRequest { SyncState = new SyncState { PublishTracks = { new TrackPublishedResponse { Track = track } } } });
        Assert.False(back.Closed);
        back.Ask(new SignalRequest { SyncState = new SyncState { PublishTracks = { new TrackPublishedResponse { Track = new TrackInfo { Sid = "TR_lost" } } } } });
        Assert.Equal((DisconnectReason.StateMismatch, LeaveAction.Reconnect), back.Take(r => r.Leave).Select(l => (l.Reason, l.Action)).Single());
        Assert.Equal(0, _fixture.Room.Figures.ParticipantCount);
    }

    [Fact]
    public void Sync_state_restores_exceptions_and_missed_data()
    {
        var bob = _fixture.Activate("bob");
        var track = bob.Publish();
        var alice = _fixture.Activate("alice");
        for (uint i = 1; i <= 5; i++)
        {
            bob.Data(new DataPacket { Sequence = i, User = new UserPacket() });
        }

        bob.Data(new DataPacket { Sequence = 6, User = new UserPacket(), DestinationIdentities = { "carol" } });
        alice.TakeData();
        var back = alice.Resume(p => p with
        {
            SyncState = new SyncState
            {
                Subscription = new UpdateSubscription { TrackSids = { track.Sid }, Subscribe = false },
                DatachannelReceiveStates = { new DataChannelReceiveState { PublisherSid = bob.Sid.Value, LastSeq = 3 } },
            },
        });
        Assert.Empty(back.Peer.Subscribed);
        Assert.Equal([4u, 5u], back.TakeData().Select(p => p.Sequence));
    }

    [Fact]
    public void Failed_media_asks_to_resume_and_gives_up_after_the_grace()
    {
        var alice = _fixture.Activate("alice");
        alice.Take();
        alice.Peer.Events.OnConnectionState(PeerTarget.Publisher, PeerConnectionState.Failed, _fixture.Now);
        Assert.Equal((DisconnectReason.ConnectionTimeout, LeaveAction.Resume), alice.Take(r => r.Leave).Select(l => (l.Reason, l.Action)).Single());
        Assert.True(alice.Closed);
        _fixture.Advance(MediaConnections.ResumeGrace);
        Assert.Equal(0, _fixture.Room.Figures.ParticipantCount);
    }

    [Fact]
    public void Resuming_in_time_keeps_a_session_whose_media_comes_back()
    {
        var alice = _fixture.Activate("alice");
        alice.Peer.Events.OnConnectionState(PeerTarget.Publisher, PeerConnectionState.Failed, _fixture.Now);
        _fixture.Advance(TimeSpan.FromSeconds(3));
        var back = alice.Resume();
        _fixture.Advance(TimeSpan.FromSeconds(10));
        back.Peer.Events.OnReady(_fixture.Now);
        _fixture.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, _fixture.Room.Figures.ParticipantCount);
        Assert.Single(_fixture.EventNames, "participant_joined");
    }

    [Fact]
    public void Moving_room_sends_clients_away_in_groups()
    {
        var clients = Enumerable.Range(0, 5).Select(i => _fixture.Activate($"p{i}")).ToArray();
        Assert.Equal(3, _fixture.Room.SendAway(2, DisconnectReason.Migration, LeaveAction.Resume, _fixture.Now));
        Assert.Equal([true, true, false, false, false], clients.Select(c => c.Closed));
        Assert.Equal(5, _fixture.Room.Figures.ParticipantCount);
        Assert.Equal(0, _fixture.Room.SendAway(10, DisconnectReason.Migration, LeaveAction.Reconnect, _fixture.Now));
        Assert.Equal(2, _fixture.Room.Figures.ParticipantCount);
    }

    [Fact]
    public void Simulated_faults_do_what_they_say()
    {
        var alice = _fixture.Activate("alice");
        alice.Take();
        alice.Ask(new SignalRequest { Simulate = new SimulateScenario { SpeakerUpdate = 3 } });
        Assert.True(alice.Take(r => r.SpeakersChanged).Single().Speakers.Single().Active);
        _fixture.Advance(TimeSpan.FromSeconds(3));
        Assert.False(alice.Take(r => r.SpeakersChanged).Single().Speakers.Single().Active);

        alice.Ask(new SignalRequest { Simulate = new SimulateScenario { SubscriberBandwidth = 100_000 } });
        Assert.Equal(new DataRate(100_000), alice.Peer.Limit);
        alice.Ask(new SignalRequest { Simulate = new SimulateScenario { SubscriberBandwidth = 0 } });
        Assert.Equal(DataRate.Infinite, alice.Peer.Limit);

        alice.Ask(new SignalRequest { Simulate = new SimulateScenario { DisconnectSignalOnResume = true } });
        var broken = alice.Resume();
        Assert.True(broken.Aborted);
        Assert.NotNull(broken.Received.Single().Reconnect);
        var fine = alice.Resume();
        Assert.False(fine.Aborted);

        fine.Ask(new SignalRequest { Simulate = new SimulateScenario { DisconnectSignalOnResumeNoMessages = true } });
        var silent = fine.Resume();
        Assert.True(silent.Aborted);
        Assert.Empty(silent.Received);

        var again = fine.Resume();
        again.Take();
        again.Ask(new SignalRequest { Simulate = new SimulateScenario { SwitchCandidateProtocol = CandidateProtocol.Tls } });
        Assert.Equal(LeaveAction.Resume, again.Take(r => r.Leave).Single().Action);
        var relayed = again.Resume();
        Assert.Equal(ClientConfigSetting.Enabled, relayed.Received[0].Reconnect.ClientConfiguration.ForceRelay);

        relayed.Ask(new SignalRequest { Simulate = new SimulateScenario { LeaveRequestFullReconnect = true } });
        Assert.Equal(LeaveAction.Reconnect, relayed.Take(r => r.Leave).Single().Action);
        var anew = _fixture.Activate("alice");
        anew.Take();
        anew.Ask(new SignalRequest { Simulate = new SimulateScenario { NodeFailure = true } });
        Assert.True(anew.Aborted);
        Assert.Empty(anew.Take());
        var last = _fixture.Activate("alice");
        last.Ask(new SignalRequest { Simulate = new SimulateScenario { ServerLeave = true } });
        Assert.Equal((DisconnectReason.ServerShutdown, LeaveAction.Disconnect), last.Take(r => r.Leave).Select(l => (l.Reason, l.Action)).Single());
    }
}
