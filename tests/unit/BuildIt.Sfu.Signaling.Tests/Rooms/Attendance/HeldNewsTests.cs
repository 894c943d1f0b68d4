using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Tests.Rooms.Attendance;

public class HeldNewsTests
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2.5);

    private readonly RoomFixture _fixture = new();

    [Fact]
    public void A_client_that_comes_back_hears_of_newcomers_when_it_has_settled()
    {
        _fixture.Activate("alice", join: Browser).Ask(new SignalRequest { Leave = new LeaveRequest() });
        var bob = _fixture.Activate("bob");
        var before = bob.Publish();
        var alice = _fixture.Activate("alice", join: Browser);
        Assert.True(alice.Peer.Subscribed.ContainsKey(before.Sid));

        alice.Take();
        var carol = _fixture.Activate("carol");
        var after = carol.Publish();
        _fixture.Advance(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain(alice.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "carol");
        Assert.False(alice.Peer.Subscribed.ContainsKey(after.Sid));

        _fixture.Advance(TimeSpan.FromSeconds(0.5));
        var told = Assert.Single(alice.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "carol");
        Assert.Equal(after.Sid, Assert.Single(told.Tracks).Sid);
        Assert.True(alice.Peer.Subscribed.ContainsKey(after.Sid));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_client_that_comes_back_at_another_node_hears_of_newcomers_when_it_has_settled(bool leaves)
    {
        var cascade = new CascadeFixture(2);
        cascade.Link(0, 1);
        var old = cascade.Nodes[0].Activate("alice", join: Browser);
        cascade.Advance(TimeSpan.FromSeconds(4));
        if (leaves)
        {
            old.Ask(new SignalRequest { Leave = new LeaveRequest() });
            cascade.Advance(TimeSpan.FromSeconds(1));
        }

        var alice = cascade.Nodes[1].Activate("alice", join: Browser);
        alice.Take();
        cascade.Nodes[0].Activate("carol");
        cascade.Advance(TimeSpan.FromSeconds(2));
        Assert.DoesNotContain(alice.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "carol");

        cascade.Advance(TimeSpan.FromSeconds(4));
        Assert.Contains(alice.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "carol");
    }

    [Fact]
    public void A_slow_client_settles_later()
    {
        _fixture.Activate("alice", join: Browser).Ask(new SignalRequest { Leave = new LeaveRequest() });
        var alice = _fixture.Activate("alice", join: Browser);
        _fixture.Advance(TimeSpan.FromSeconds(1));
        alice.Publish();
        var track = _fixture.Activate("bob").Publish();
        _fixture.Advance(TimeSpan.FromSeconds(2));
        Assert.False(alice.Peer.Subscribed.ContainsKey(track.Sid));
        _fixture.Advance(TimeSpan.FromSeconds(0.2));
        Assert.True(alice.Peer.Subscribed.ContainsKey(track.Sid));
    }

    [Fact]
    public void A_client_that_shows_when_it_began_settles_sooner()
    {
        _fixture.Activate("alice", join: Browser).Ask(new SignalRequest { Leave = new LeaveRequest() });
        var alice = _fixture.Activate("alice", join: Browser);
        alice.Publish("first");
        var track = _fixture.Activate("bob").Publish();
        _fixture.Advance(TimeSpan.FromSeconds(1));
        alice.Publish("second");
        _fixture.Advance(TimeSpan.FromSeconds(1.04));
        Assert.False(alice.Peer.Subscribed.ContainsKey(track.Sid));
        _fixture.Advance(TimeSpan.FromSeconds(0.02));
        Assert.True(alice.Peer.Subscribed.ContainsKey(track.Sid));
    }

    [Fact]
    public void It_is_asked_for_more_sections_when_it_has_settled()
    {
        _fixture.Activate("alice", join: Browser).Ask(new SignalRequest { Leave = new LeaveRequest() });
        var alice = _fixture.Activate("alice", join: Browser);
        alice.Peer.Events.OnMediaSectionsRequired(1, 2, _fixture.Now);
        _fixture.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(alice.Take(r => r.MediaSectionsRequirement));
        _fixture.Advance(TimeSpan.FromSeconds(0.5));
        var required = Assert.Single(alice.Take(r => r.MediaSectionsRequirement));
        Assert.Equal((1u, 2u), (required.NumAudios, required.NumVideos));
    }

    [Fact]
    public void Who_comes_and_goes_meanwhile_is_told_as_gone()
    {
        _fixture.Activate("alice", join: Browser).Ask(new SignalRequest { Leave = new LeaveRequest() });
        var alice = _fixture.Activate("alice", join: Browser);
        var bob = _fixture.Activate("bob");
        bob.Publish();
        bob.Ask(new SignalRequest { Leave = new LeaveRequest() });
        alice.Take();
        _fixture.Advance(Settled);
        var told = Assert.Single(alice.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Identity == "bob");
        Assert.Equal(ParticipantInfo.Types.State.Disconnected, told.State);
        Assert.Empty(alice.Peer.Subscribed);
    }

    [Fact]
    public void A_resume_tells_everything_at_once()
    {
        _fixture.Activate("alice", join: Browser).Ask(new SignalRequest { Leave = new LeaveRequest() });
        var alice = _fixture.Activate("alice", join: Browser);
        var track = _fixture.Activate("bob").Publish();
        alice.LoseSignal();
        var resumed = alice.Resume(Browser);
        Assert.Contains(resumed.Take(r => r.Update).SelectMany(u => u.Participants), p => p.Tracks.Any(t => t.Sid == track.Sid));
        Assert.True(alice.Peer.Subscribed.ContainsKey(track.Sid));
    }

    [Theory]
    [InlineData(ClientInfo.Types.SDK.Js, true, false, false, true)]
    [InlineData(ClientInfo.Types.SDK.ReactNative, true, false, false, true)]
    [InlineData(ClientInfo.Types.SDK.Rust, true, false, false, false)]
    [InlineData(ClientInfo.Types.SDK.Js, false, false, false, false)]
    [InlineData(ClientInfo.Types.SDK.Js, false, true, false, true)]
    [InlineData(ClientInfo.Types.SDK.Js, false, false, true, true)]
    [InlineData(ClientInfo.Types.SDK.Rust, false, false, true, false)]
    public void Browsers_that_had_a_session_wait(ClientInfo.Types.SDK sdk, bool wasHere, bool failedToResume, bool takenOver, bool waits)
    {
        var fixture = new RoomFixture(new RoomOptions { Name = "room", TakenOver = takenOver });
        if (wasHere)
        {
            fixture.Activate("alice", join: Sdk).Ask(new SignalRequest { Leave = new LeaveRequest() });
        }

        if (failedToResume)
        {
            new TestClient(fixture, "alice").Resume(Sdk);
        }

        var alice = fixture.Activate("alice", join: Sdk);
        var track = fixture.Activate("bob").Publish();
        Assert.Equal(!waits, alice.Peer.Subscribed.ContainsKey(track.Sid));

        JoinParameters Sdk(JoinParameters parameters) => parameters with { Client = new ClientInfo { Protocol = 17, Sdk = sdk } };
    }

    [Fact]
    public void After_a_minute_nobody_is_expected_back()
    {
        var fixture = new RoomFixture(new RoomOptions { Name = "room", TakenOver = true, DepartureTimeout = TimeSpan.FromMinutes(5) });
        fixture.Activate("alice", join: Browser).Ask(new SignalRequest { Leave = new LeaveRequest() });
        fixture.Advance(ReturningClients.ReturnTime + TimeSpan.FromSeconds(1));
        var alice = fixture.Activate("alice", join: Browser);
        Assert.True(alice.Peer.Subscribed.ContainsKey(fixture.Activate("bob").Publish().Sid));
    }

    private static JoinParameters Browser(JoinParameters parameters) =>
        parameters with { Client = new ClientInfo { Protocol = 17, Sdk = ClientInfo.Types.SDK.Js } };
}
