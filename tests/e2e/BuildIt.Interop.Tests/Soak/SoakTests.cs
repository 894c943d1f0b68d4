using System.Diagnostics;
using BuildIt.Interop.Tests.Adaptive;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Statistics;
using BuildIt.Testing;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Soak;

/// <summary>
/// A full room for a long time: headless participants, all with video, each watching nine others, beside two real browsers that watch
/// nine as well. Short by default; BUILDIT_SOAK=full makes it 50 participants for five minutes, BUILDIT_SOAK_SECONDS changes the time.
/// </summary>
[Collection(AdaptiveTestGroup.Name)]
public sealed class SoakTests(ConferenceFixture conference, ITestOutputHelper output)
{
    private const int Watched = 9;
    private const int Speakers = 2;
    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(1);

    private static bool IsFull => Environment.GetEnvironmentVariable("BUILDIT_SOAK") == "full";

    private static int Participants => IsFull ? 50 : 20;

    private static TimeSpan Settle => TimeSpan.FromSeconds(IsFull ? 60 : 15);

    private static TimeSpan Duration => TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("BUILDIT_SOAK_SECONDS"), out var seconds) ? seconds : IsFull ? 300 : 40);

    [Fact]
    public async Task A_full_room_goes_on_without_freezes_growth_or_unexplained_loss()
    {
        await using var meeting = conference.NewMeeting();
        using var network = new HeadlessNetwork();
        var participants = new List<HeadlessParticipant>();
        try
        {
            var tracks = await FillAsync(meeting.Room, network, participants);
            BrowserParticipant[] browsers = [await WatchAsync(meeting, "browser-1", 0), await WatchAsync(meeting, "browser-2", Participants / 2)];
            await Task.Delay(Settle);
            using var machine = StallMeter.Start();

            foreach (var browser in browsers)
            {
                await browser.RunAsync("soak.start()");
            }

            var node = new NodeProcess(conference.Node.Process.Id);
            var before = await Measurement.TakeAsync(conference.Node, node);
            await Task.Delay(Duration - Settle);
            var after = await Measurement.TakeAsync(conference.Node, node);
            var statistics = await Task.WhenAll(participants.Select(participant => participant.GetStatisticsAsync()));
            Report(before, after, statistics);

            var limit = FreezeLimit + machine.Allowance;
            foreach (var browser in browsers)
            {
                var gaps = await browser.CallAsync<Dictionary<string, double>>("soak.longestGaps()");
                output.WriteLine($"{browser.Identity}: {gaps.Count} videos, longest gap {gaps.Values.Max():0} ms");
                Assert.Equal(Watched, gaps.Count);
                Assert.All(gaps, gap => Assert.True(gap.Value <= limit.TotalMilliseconds, $"{browser.Identity} saw {gap.Key} stand still for {gap.Value:0} ms"));
            }

            Assert.Null(network.Fault);
            Assert.All(participants, participant => Assert.True(participant.IsActive));
            AssertComplete(statistics, tracks, after.Drops - before.Drops);
            AssertNoGrowth(before, after);
        }
        finally
        {
            await Task.WhenAll(participants.Select(participant => participant.DisposeAsync().AsTask()));
        }
    }

    /// <summary>Everybody joins and publishes; then each watches the nine that come after it. Returns how many tracks each receives.</summary>
    private async Task<int[]> FillAsync(string room, HeadlessNetwork network, List<HeadlessParticipant> participants)
    {
        var videos = new List<string>();
        var voices = new List<string>();
        for (var i = 0; i < Participants; i++)
        {
            var participant = await HeadlessParticipant.JoinAsync(new HeadlessOptions
            {
                Url = new Uri(conference.Node.HttpUrl),
                Token = SfuNode.Token(room, $"headless-{i:00}"),
                Network = network,
                AutoSubscribe = false,
                SinglePeerConnection = i % 2 == 0,
                Data = false,
            });
            participants.Add(participant);
            videos.Add(await participant.PublishVideoAsync(new VideoPublication { Layers = 2 }));
            if (i < Speakers)
            {
                voices.Add(await participant.PublishAudioAsync());
            }
        }

        var received = new int[Participants];
        for (var i = 0; i < Participants; i++)
        {
            string[] wanted = [.. Enumerable.Range(1, Watched).Select(step => videos[(i + step) % Participants])];
            string[] heard = [.. voices.Where((_, speaker) => speaker != i)];
            participants[i].Subscribe(true, [.. wanted, .. heard]);
            await participants[i].SetTrackSettingsAsync(wanted, 320, 180);
            received[i] = wanted.Length + heard.Length;
        }

        return received;
    }

    /// <summary>A browser that watches nine small tiles, starting with participant <paramref name="first"/>.</summary>
    private static async Task<BrowserParticipant> WatchAsync(Meeting meeting, string identity, int first)
    {
        var browser = await meeting.JoinAsync(identity, options => options with { AutoSubscribe = false });
        await browser.PublishAsync(video: true, audio: false, width: 320, height: 180);
        var wanted = Enumerable.Range(0, Watched).Select(step => $"headless-{(first + step) % Participants:00}");
        await browser.Page.EvaluateAsync($"({SamplerScript})()");
        await browser.RunAsync($"soak.watch(['{string.Join("','", wanted)}'])");
        return browser;
    }

    private void Report(Measurement before, Measurement after, ParticipantStatistics[] statistics)
    {
        var seconds = (after.At - before.At).TotalSeconds;
        var latency = new LatencyHistogram();
        Array.ForEach(statistics, each => latency.Merge(each.Latency));
        var tracks = statistics.SelectMany(each => each.Received).ToArray();
        output.WriteLine($"{Participants} headless participants and 2 browsers for {Duration.TotalSeconds:0} s, measured for {seconds:0} s");
        output.WriteLine($"node: {(after.Cpu - before.Cpu).TotalSeconds / seconds:0.00} cores, {(after.PacketsIn - before.PacketsIn) / seconds:0} packets/s in, {(after.PacketsOut - before.PacketsOut) / seconds:0} packets/s out, memory {before.Memory >> 20} MiB to {after.Memory >> 20} MiB");
        output.WriteLine($"headless: {tracks.Length} tracks, {tracks.Sum(track => track.Frames)} frames, {tracks.Sum(track => track.Lost)} packets lost, {tracks.Sum(track => track.Repaired)} repaired, {tracks.Sum(track => track.Freezes)} gaps over 1 s, {after.Drops - before.Drops} datagrams dropped by buffers");
        output.WriteLine($"latency: p50 {latency.Percentile(0.5).TotalMilliseconds:0.0} ms, p99 {latency.Percentile(0.99).TotalMilliseconds:0.0} ms");
    }

    /// <summary>Every watched track arrives in whole frames in order; what is missing for good was dropped by a full buffer.</summary>
    private static void AssertComplete(ParticipantStatistics[] statistics, int[] expected, long drops)
    {
        for (var i = 0; i < statistics.Length; i++)
        {
            Assert.Equal(expected[i], statistics[i].Received.Count(track => track.Frames > 0));
        }

        var tracks = statistics.SelectMany(each => each.Received).ToArray();
        Assert.All(tracks, track => Assert.True(track.Faults == 0, $"{track.TrackSid}: {track.FirstFault}"));
        Assert.All(tracks, track => Assert.Equal(0, track.ForeignFrames));
        Assert.True(tracks.Sum(track => track.Lost) <= drops, $"{tracks.Sum(track => track.Lost)} packets are missing, {drops} were dropped by buffers");
    }

    private static void AssertNoGrowth(Measurement before, Measurement after)
    {
        // The collector gives memory back when it likes: a tenth and a few segments are no growth.
        var limit = before.Memory * 11 / 10 + (16 << 20);
        Assert.True(after.Memory <= limit, $"The node grew from {before.Memory >> 20} MiB to {after.Memory >> 20} MiB.");
    }

    /// <summary>Watches decoded frames from inside the page, where no round trip to the test blurs the times.</summary>
    private const string SamplerScript = """
        () => {
          window.soak = {
            tracks: new Map(),
            async watch(identities) {
              for (const identity of identities) {
                const publication = [...harness.room.remoteParticipants.values()].find((p) => p.identity === identity)
                  .videoTrackPublications.values().next().value;
                publication.setSubscribed(true);
                publication.setVideoQuality(0);
                this.tracks.set(identity, { publication, frames: 0, changed: 0, longest: 0 });
              }
            },
            start() {
              const sample = async () => {
                for (const track of this.tracks.values()) {
                  const report = await track.publication.track?.receiver?.getStats();
                  const inbound = [...(report?.values() ?? [])].find((s) => s.type === 'inbound-rtp');
                  const now = performance.now();
                  // The time between two samples without a new frame: never more than the picture really stood still.
                  if (inbound && inbound.framesDecoded > track.frames) {
                    track.frames = inbound.framesDecoded;
                    track.changed = now;
                  } else {
                    track.longest = Math.max(track.longest, now - (track.changed || now));
                  }
                  track.changed ||= now;
                }
                setTimeout(sample, 100);
              };
              sample();
            },
            longestGaps() {
              return Object.fromEntries([...this.tracks].map(([identity, track]) => [identity, track.frames > 0 ? track.longest : 1e9]));
            },
          };
        }
        """;

    private sealed record Measurement(TimeSpan At, TimeSpan Cpu, long Memory, double PacketsIn, double PacketsOut, long Drops)
    {
        public static async Task<Measurement> TakeAsync(SfuNode node, NodeProcess process)
        {
            var metrics = await MetricsSnapshot.ReadAsync(node);
            var (cpu, memory) = process.Read();
            return new Measurement(
                Stopwatch.GetElapsedTime(0),
                cpu,
                memory,
                metrics.Sum("buildit_sfu_packets_total", "\"in\""),
                metrics.Sum("buildit_sfu_packets_total", "\"out\""),
                (long)metrics.Sum("buildit_sfu_packets_dropped_total", "send_") + NodeProcess.FullReceiveBuffers());
        }
    }
}
