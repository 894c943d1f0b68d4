using BuildIt.Interop.Tests.Browser;

namespace BuildIt.Interop.Tests.Faults;

/// <summary>The faults that livekit-client simulates or asks the server for, and how its session comes back.</summary>
public sealed class SimulatedScenarioTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<BrowserKind, BrowserKind, string, bool> Resumptions => BrowserPairs.Each(
        ("signal-reconnect", true),
        ("signal-reconnect", false),
        ("disconnect-signal-on-resume", true),
        ("disconnect-signal-on-resume-no-messages", false));

    public static TheoryData<BrowserKind, BrowserKind, string, bool> Replacements => BrowserPairs.Each(
        ("full-reconnect", true),
        ("full-reconnect", false),
        ("resume-reconnect", true),
        ("leave-full-reconnect", true),
        ("node-failure", true),
        ("migration", true),
        ("force-tcp", true));

    /// <summary>The session is kept: same sid, nobody else notices, no track is lost.</summary>
    [Theory]
    [MemberData(nameof(Resumptions))]
    public async Task The_session_is_resumed(BrowserKind first, BrowserKind second, string scenario, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var (alice, bob) = await TalkAsync(meeting, single, first, second);
        var before = await alice.StateAsync();

        await SimulateAsync(alice, scenario);
        await alice.RaisesAsync("reconnected", Patience);

        var after = await alice.StateAsync();
        Assert.Equal(before.Sid, after.Sid);
        Assert.Equal(before.Published, after.Published);
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        var noticed = await bob.EventsAsync();
        Assert.DoesNotContain("participantDisconnected", noticed);
        Assert.DoesNotContain("trackUnsubscribed", noticed);
        Assert.DoesNotContain("trackUnsubscribed", await alice.EventsAsync());
    }

    /// <summary>A new session takes the place of the old one, with all its tracks.</summary>
    [Theory]
    [MemberData(nameof(Replacements))]
    public async Task A_new_session_replaces_the_old(BrowserKind first, BrowserKind second, string scenario, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var (alice, bob) = await TalkAsync(meeting, single, first, second);
        var before = await alice.StateAsync();

        await SimulateAsync(alice, scenario);
        await alice.RaisesAsync("reconnected", Patience);

        var after = await alice.StateAsync();
        Assert.NotEqual(before.Sid, after.Sid);
        Assert.Equal(before.Published.Select(p => p.Source).Order(), after.Published.Select(p => p.Source).Order());
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        Assert.Equal(["alice"], (await bob.StateAsync()).Remotes);
    }

    [Fact]
    public async Task The_server_sends_somebody_away()
    {
        await using var meeting = conference.NewMeeting();
        var (alice, bob) = await TalkAsync(meeting, true);
        await SimulateAsync(alice, "server-leave");
        await alice.DisconnectedAsync(DisconnectReason.ServerShutdown, Patience);
        await bob.EventuallyAsync(Patience, async () => (await bob.StateAsync()).Remotes.Count == 0 ? null : "bob still sees alice");
    }

    [Fact]
    public async Task A_simulated_speaker_speaks()
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice");
        var bob = await meeting.JoinAsync("bob");
        // Speakers are told to those who receive them; without a microphone alice cannot really speak.
        await alice.PublishAsync(audio: false, width: 320, height: 180);
        await bob.SeesAndHearsAsync(["alice"], Patience, audio: false);
        await SimulateAsync(alice, "speaker");
        await bob.EventuallyAsync(Patience, async () =>
            await bob.CallAsync<bool>("harness.events.some(e => e.name === 'activeSpeakersChanged' && e.detail.includes('alice'))") ? null : "bob sees no speaker");
    }

    private static async Task<(BrowserParticipant Alice, BrowserParticipant Bob)> TalkAsync(
        Meeting meeting, bool single, BrowserKind first = BrowserKind.Chromium, BrowserKind second = BrowserKind.Chromium)
    {
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single }, kind: first);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single }, kind: second);
        await alice.PublishAsync(width: 320, height: 180);
        await bob.PublishAsync(width: 320, height: 180);
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await alice.ForgetEventsAsync();
        await bob.ForgetEventsAsync();
        return (alice, bob);
    }

    // Some scenarios end the connection before the client's own promise settles.
    private static Task SimulateAsync(BrowserParticipant participant, string scenario) =>
        participant.RunAsync($"void harness.room.simulateScenario('{scenario}').catch(e => harness.note('simulation', String(e)))");
}
