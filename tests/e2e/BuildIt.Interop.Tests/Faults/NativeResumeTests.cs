using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.NodeSdk;

namespace BuildIt.Interop.Tests.Faults;

/// <summary>Sessions of LiveKit's native stack whose signal connection is cut: they are resumed with their sid and their tracks.</summary>
public sealed class NativeResumeTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cut_signal_connection_is_resumed(bool? single)
    {
        await using var proxy = new SignalProxy(conference.Node.HttpUrl);
        await using var script = ScriptedProcess.Start("participant.mjs");
        await using var meeting = conference.NewMeeting();
        var nora = await NativeParticipant.JoinAsync(script, proxy.WebSocketUrl, meeting.Room, "nora", single);
        var bob = await meeting.JoinAsync("bob");
        await nora.PublishAsync();
        await bob.PublishAsync(width: 320, height: 180);
        await bob.SeesAndHearsAsync(["nora"], Patience);
        await nora.SeesAndHearsAsync(["bob"], Patience);
        var tracks = (await bob.ReceivedAsync()).Select(t => t.Sid).Order().ToArray();
        await bob.ForgetEventsAsync();

        for (var round = 0; round < 2; round++)
        {
            // One failed attempt is enough for this SDK to begin a session anew, so the way is open again at once.
            proxy.Cut();
            proxy.Mend();
            await nora.HasAsync("the news that it is back", i => i.Events.Count(e => (string?)e["name"] == "reconnected") > round, Patience);
            await bob.SeesAndHearsAsync(["nora"], Patience);
            await nora.SeesAndHearsAsync(["bob"], Patience);
        }

        Assert.Equal(nora.Sid, await nora.CallAsync<string>("sid"));
        Assert.Equal([nora.Sid], await bob.CallAsync<string[]>("[...harness.room.remoteParticipants.values()].map(p => p.sid)"));
        Assert.Equal(tracks, (await bob.ReceivedAsync()).Select(t => t.Sid).Order());
        var noticed = await bob.EventsAsync();
        Assert.DoesNotContain("participantDisconnected", noticed);
        Assert.DoesNotContain("trackUnsubscribed", noticed);
    }
}
