using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.NodeSdk;

namespace BuildIt.Interop.Tests.Faults;

/// <summary>What really goes wrong: connections cut, tokens expired, clients killed, the same person twice.</summary>
public sealed class FaultTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task A_cut_signal_connection_is_resumed_while_media_flows_on(BrowserKind first, BrowserKind second, bool single)
    {
        await using var proxy = new SignalProxy(conference.Node.HttpUrl);
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single, Url = proxy.WebSocketUrl }, kind: first);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single }, kind: second);
        await alice.PublishAsync(width: 320, height: 180);
        await bob.PublishAsync(width: 320, height: 180);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        var before = await alice.StateAsync();
        await bob.ForgetEventsAsync();

        proxy.Cut();
        await alice.RaisesAsync("signalReconnecting", Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        // What happens meanwhile is in the snapshot of the resumption.
        await bob.RunAsync("harness.room.localParticipant.setMicrophoneEnabled(false)");
        proxy.Mend();
        await alice.RaisesAsync("reconnected", Patience);

        var after = await alice.StateAsync();
        Assert.Equal(before.Sid, after.Sid);
        Assert.Equal(before.Published, after.Published);
        await alice.EventuallyAsync(Patience, async () => (await alice.ReceivedAsync("bob", "audio")).Muted ? null : "alice does not know that bob is muted");
        await alice.SeesAndHearsAsync(["bob"], Patience, audio: false);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        var noticed = await bob.EventsAsync();
        Assert.DoesNotContain("participantDisconnected", noticed);
        Assert.DoesNotContain("trackUnsubscribed", noticed);
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        await using var meeting = conference.NewMeeting();
        var refused = await Assert.ThrowsAsync<PageException>(() => meeting.JoinAsync("alice", token: t => t.Lifetime = TimeSpan.FromMinutes(-5)));
        Assert.Contains("token", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_session_outlives_its_token()
    {
        // Verification allows a minute of clock difference, so this one is good for a few seconds.
        var lifetime = TimeSpan.FromSeconds(-52);
        await using var meeting = conference.NewMeeting();
        var bob = await meeting.JoinAsync("bob");
        var alice = await meeting.JoinAsync("alice", token: t => t.Lifetime = lifetime);
        await alice.PublishAsync(video: false);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        await Task.Delay(TimeSpan.FromMinutes(1) + lifetime);

        await alice.ForgetEventsAsync();
        await alice.RunAsync("void harness.room.simulateScenario('full-reconnect')");
        await alice.RaisesAsync("reconnected", Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
    }

    [Fact]
    public async Task The_same_identity_again_replaces_the_first()
    {
        await using var meeting = conference.NewMeeting();
        var bob = await meeting.JoinAsync("bob");
        var first = await meeting.JoinAsync("alice");
        await first.PublishAsync(video: false);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        var second = await meeting.JoinAsync("alice");
        await first.DisconnectedAsync(DisconnectReason.DuplicateIdentity, Patience);
        await second.PublishAsync(video: false);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        var seen = await bob.CallAsync<string[]>("[...harness.room.remoteParticipants.values()].map(p => p.sid)");
        Assert.Equal([(await second.StateAsync()).Sid], seen);
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task Mute_unpublish_and_publish_again(BrowserKind first, BrowserKind second)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", kind: first);
        var bob = await meeting.JoinAsync("bob", kind: second);
        await alice.PublishAsync(width: 320, height: 180);
        await bob.SeesAndHearsAsync(["alice"], Patience);

        await alice.RunAsync("harness.room.localParticipant.setMicrophoneEnabled(false)");
        await alice.RunAsync("harness.room.localParticipant.setCameraEnabled(false)");
        await bob.EventuallyAsync(Patience, async () => (await bob.ReceivedAsync()).All(t => t.Muted) ? null : "bob sees alice unmuted");
        await alice.RunAsync("harness.room.localParticipant.setMicrophoneEnabled(true)");
        await alice.RunAsync("harness.room.localParticipant.setCameraEnabled(true)");
        await bob.SeesAndHearsAsync(["alice"], Patience);
        Assert.All(await bob.ReceivedAsync(), t => Assert.False(t.Muted));

        for (var round = 0; round < 3; round++)
        {
            await alice.RunAsync("Promise.all([...harness.room.localParticipant.trackPublications.values()].map(p => harness.room.localParticipant.unpublishTrack(p.track)))");
            await bob.EventuallyAsync(Patience, async () => (await bob.ReceivedAsync()).Count == 0 ? null : "bob still has tracks");
            await alice.PublishAsync(width: 320, height: 180);
            await bob.SeesAndHearsAsync(["alice"], Patience);
        }
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task A_crashed_page_disappears_for_the_others(BrowserKind first, BrowserKind second)
    {
        await using var meeting = conference.NewMeeting();
        var bob = await meeting.JoinAsync("bob", kind: second);
        var alice = await meeting.JoinAsync("alice", kind: first);
        await alice.PublishAsync(video: false);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        await alice.CrashAsync();
        await bob.EventuallyAsync(Patience, async () => (await bob.StateAsync()).Remotes.Count == 0 ? null : "bob still sees alice");
    }

    [Fact]
    public async Task A_killed_native_participant_disappears_and_may_come_back()
    {
        await using var meeting = conference.NewMeeting();
        var bob = await meeting.JoinAsync("bob");
        await using (var script = ScriptedProcess.Start("participant.mjs"))
        {
            var nora = await NativeParticipant.JoinAsync(script, conference.Node.WebSocketUrl, meeting.Room, "nora");
            await nora.PublishAsync();
            await bob.SeesAndHearsAsync(["nora"], Patience);
            await script.KillAsync();
        }

        await bob.EventuallyAsync(Patience, async () => (await bob.StateAsync()).Remotes.Count == 0 ? null : "bob still sees nora");
        await using var again = ScriptedProcess.Start("participant.mjs");
        await (await NativeParticipant.JoinAsync(again, conference.Node.WebSocketUrl, meeting.Room, "nora")).PublishAsync();
        await bob.SeesAndHearsAsync(["nora"], Patience);
    }
}
