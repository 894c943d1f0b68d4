namespace BuildIt.Interop.Tests.Browser;

/// <summary>What Firefox needs beside what the other tests show of any browser, and in every run the core of a call with it.</summary>
public sealed class FirefoxTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private const string Camera = "camera";
    private const string Microphone = "microphone";
    private const string Screen = "screen_share";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Each track comes in an offer of its own, and none may cost another.</summary>
    [Theory]
    [MemberData(nameof(BrowserPairs.WithFirefoxInBothModes), MemberType = typeof(BrowserPairs))]
    public Task Camera_microphone_and_screen_stay(BrowserKind alice, BrowserKind bob, bool single) => StayAsync(alice, bob, single, cameraFirst: true);

    /// <inheritdoc cref="Camera_microphone_and_screen_stay"/>
    [Theory]
    [MemberData(nameof(BrowserPairs.WithFirefoxInBothModes), MemberType = typeof(BrowserPairs))]
    public Task Microphone_camera_and_screen_stay(BrowserKind alice, BrowserKind bob, bool single) => StayAsync(alice, bob, single, cameraFirst: false);

    [Theory]
    [MemberData(nameof(BrowserPairs.WithFirefoxInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task An_encrypted_call_is_seen_and_heard_muted_and_resumed(BrowserKind alice, BrowserKind bob, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var (a, b) = await TalkAsync(meeting, alice, bob, o => o with { Single = single, E2eeKey = "open sesame" });
        Assert.All(await a.ReceivedAsync(), track => Assert.True(track.Encrypted));
        Assert.All(await b.ReceivedAsync(), track => Assert.True(track.Encrypted));

        await a.RunAsync("harness.room.localParticipant.setMicrophoneEnabled(false)");
        await b.EventuallyAsync(Patience, async () => (await b.ReceivedAsync("alice", "audio")).Muted ? null : "bob does not know that alice is muted");
        await a.RunAsync("harness.room.localParticipant.setMicrophoneEnabled(true)");
        await b.ReceivesAsync("alice", [Camera, Microphone], Patience);

        var before = await a.StateAsync();
        await b.ForgetEventsAsync();
        await a.ForgetEventsAsync();
        await a.RunAsync("void harness.room.simulateScenario('signal-reconnect')");
        await a.RaisesAsync("reconnected", Patience);
        Assert.Equal(before.Sid, (await a.StateAsync()).Sid);
        await b.ReceivesAsync("alice", [Camera, Microphone], Patience);
        await a.ReceivesAsync("bob", [Camera, Microphone], Patience);
        Assert.DoesNotContain("trackUnsubscribed", await b.EventsAsync());
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.WithFirefoxInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task A_new_session_publishes_everything_again(BrowserKind alice, BrowserKind bob, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var (a, b) = await TalkAsync(meeting, alice, bob, o => o with { Single = single });
        await a.ShareScreenAsync();
        await b.ReceivesAsync("alice", [Camera, Microphone, Screen], Patience);

        await a.ForgetEventsAsync();
        await a.RunAsync("void harness.room.simulateScenario('full-reconnect')");
        await a.RaisesAsync("reconnected", Patience);

        // Several tracks of a kind in one offer: each has to be what it is called, and the shape of a picture tells.
        await b.ReceivesAsync("alice", [Camera, Microphone, Screen], Patience);
        await a.ReceivesAsync("bob", [Camera, Microphone], Patience);
        await b.EventuallyAsync(Patience, async () =>
        {
            var pictures = (await b.ReceivedAsync()).Where(track => track.Kind == "video").ToDictionary(track => track.Source);
            return IsScreen(pictures[Screen]) && !IsScreen(pictures[Camera]) ? null : $"camera and screen are {pictures[Camera]} and {pictures[Screen]}";
        });
    }

    /// <summary>The screen that is shared is 16:10; a camera is 4:3 or 16:9, whatever a browser makes of the size that was asked for.</summary>
    private static bool IsScreen(ReceivedTrack track) => Math.Abs(track.Width - (track.Height * 1.6)) < 2;

    private static async Task<(BrowserParticipant Alice, BrowserParticipant Bob)> TalkAsync(
        Meeting meeting, BrowserKind alice, BrowserKind bob, Func<JoinOptions, JoinOptions> configure)
    {
        var a = await meeting.JoinAsync("alice", configure, kind: alice);
        var b = await meeting.JoinAsync("bob", configure, kind: bob);
        await a.PublishAsync(width: 320, height: 180);
        await b.PublishAsync(width: 320, height: 180);
        await b.ReceivesAsync("alice", [Camera, Microphone], Patience);
        await a.ReceivesAsync("bob", [Camera, Microphone], Patience);
        return (a, b);
    }

    private async Task StayAsync(BrowserKind alice, BrowserKind bob, bool single, bool cameraFirst)
    {
        await using var meeting = conference.NewMeeting();
        var a = await meeting.JoinAsync("alice", o => o with { Single = single }, kind: alice);
        var b = await meeting.JoinAsync("bob", o => o with { Single = single }, kind: bob);
        await a.PublishAsync(video: cameraFirst, audio: !cameraFirst);
        await b.ReceivesAsync("alice", [cameraFirst ? Camera : Microphone], Patience);
        await a.PublishAsync(video: !cameraFirst, audio: cameraFirst);
        await b.ReceivesAsync("alice", [Camera, Microphone], Patience);
        await a.ShareScreenAsync();
        await b.ReceivesAsync("alice", [Camera, Microphone, Screen], Patience);
        Assert.DoesNotContain("trackUnsubscribed", await b.EventsAsync());

        await a.RunAsync("harness.unpublish('camera')");
        await b.EventuallyAsync(Patience, async () => (await b.ReceivedAsync()).Any(track => track.Source == Camera) ? "the camera is still there" : null);
        await b.ReceivesAsync("alice", [Microphone, Screen], Patience);
        await a.PublishAsync(video: true, audio: false);
        await b.ReceivesAsync("alice", [Camera, Microphone, Screen], Patience);
        Assert.Single(await b.EventsAsync(), name => name == "trackUnsubscribed");
    }
}
