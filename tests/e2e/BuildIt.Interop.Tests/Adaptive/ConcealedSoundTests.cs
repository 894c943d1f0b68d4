using System.Net;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Testing.Network;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Adaptive;

/// <summary>
/// Encrypted sound over a link that loses packets, as the receiving browser counts what it had to make up. With end-to-end encryption
/// there is no redundancy in the sound: what is lost is asked for again, by the node of the publisher and by the browser of the node.
/// </summary>
[Collection(AdaptiveTestGroup.Name)]
public sealed class ConcealedSoundTests(ConferenceFixture conference, ITestOutputHelper output)
{
    private const string Key = "open sesame";

    // Samples made up and samples played of the only sound that is received.
    private const string Samples = """
        (async () => {
          for (const participant of harness.room.remoteParticipants.values())
            for (const publication of participant.audioTrackPublications.values()) {
              const report = await publication.track?.receiver?.getStats();
              for (const s of report?.values() ?? [])
                if (s.type === 'inbound-rtp') return [s.concealedSamples ?? 0, s.totalSamplesReceived ?? 0];
            }
          return [0, 0];
        })()
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly LinkConditions Lossy = new() { Loss = 0.1, Delay = TimeSpan.FromMilliseconds(15) };

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task Lost_sound_is_repaired(bool single, bool behindPublisher)
    {
        await using var proxy = new ImpairedUdpProxy(new IPEndPoint(IPAddress.Loopback, conference.Node.UdpPort), seed: 17);
        await using var meeting = conference.NewMeeting();
        var script = MediaRoute.Script(proxy.Port);
        var (near, far) = (conference.Node.NearUrl, conference.Node.FarUrl);
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single, E2eeKey = Key, Url = behindPublisher ? near : far }, initialScript: behindPublisher ? script : null);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single, E2eeKey = Key, Url = behindPublisher ? far : near }, initialScript: behindPublisher ? null : script);
        await alice.PublishAsync(video: false, dtx: false);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        Assert.Equal((single, single), (await alice.HasOneConnectionAsync(), await bob.HasOneConnectionAsync()));
        await PlayedAsync(bob, seconds: 5);
        var clear = await PlayedAsync(bob, seconds: 8);
        if (behindPublisher)
        {
            proxy.ToServer = Lossy;
        }
        else
        {
            proxy.ToClient = Lossy;
        }

        // The jitter buffer learns in the first seconds how long repairs take.
        await PlayedAsync(bob, seconds: 5);
        var lossy = await PlayedAsync(bob, seconds: 15);
        output.WriteLine($"concealed {lossy:P2} behind 10 % loss, {clear:P2} without");

        Assert.True(lossy < clear + 0.02, $"{lossy:P2} of the sound is made up, {clear:P2} without loss");
        Assert.Equal(0, (await MetricsSnapshot.ReadAsync(conference.Node)).Sum("buildit_sfu_srtp_refused_total", "\"index_reused\""));
    }

    /// <summary>Waits until so much more was played, and returns the share of it that was made up.</summary>
    private static async Task<double> PlayedAsync(BrowserParticipant listener, int seconds)
    {
        var before = await listener.CallAsync<double[]>(Samples);
        var after = before;
        await listener.EventuallyAsync(Patience, async () =>
        {
            after = await listener.CallAsync<double[]>(Samples);
            return after[1] - before[1] >= seconds * 48_000 ? null : $"{after[1] - before[1]} samples were played";
        });
        return (after[0] - before[0]) / (after[1] - before[1]);
    }
}
