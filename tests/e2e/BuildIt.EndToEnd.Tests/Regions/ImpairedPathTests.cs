using System.Globalization;
using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Statistics;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Network;
using Xunit.Abstractions;

namespace BuildIt.EndToEnd.Tests.Regions;

/// <summary>
/// Two regions of one Kubernetes with a bad path between their machines: 80 ms each way, 1 % loss, 10 Mbit/s. What crosses is counted
/// where it crosses.
/// </summary>
[Collection(FleetCollection.Name)]
public sealed class ImpairedPathTests(Installations installations, ITestOutputHelper output)
{
    private const string Variable = "BUILDIT_IMPAIRED_PATH";

    // Payload types between nodes, which never change.
    private const int Opus = 111;
    private const int OpusRepair = 112;
    private const int Vp8 = 96;
    private const int Vp8Repair = 97;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    private static readonly LinkConditions Bad = new()
    {
        Delay = TimeSpan.FromMilliseconds(80),
        Loss = 0.01,
        BitsPerSecond = 10_000_000,
        Queue = TimeSpan.FromMilliseconds(200),
    };

    private static readonly LinkConditions Worse = Bad with { BitsPerSecond = 500_000 };

    [MeasurementFact(Variable, "interop-path", needsRoot: true)]
    public async Task Everybody_sees_and_hears_everybody_and_each_stream_crosses_once()
    {
        await using var regions = await ImpairedRegions.StartAsync(installations, seed: 3);
        (regions.Path[0], regions.Path[1]) = (Bad, Bad);
        await using var pages = await PageServer.StartAsync();
        using var network = new HeadlessNetwork(address: regions.Machine.Host);
        await using var gathering = new Gathering();
        for (var region = 0; region < 2; region++)
        {
            for (var i = 0; i < 2; i++)
            {
                var identity = $"browser-{region}-{i}";
                await gathering.AddBrowserAsync(pages, regions.Urls[region], ImpairedRegions.Token(identity), identity);
            }

            for (var i = 0; i < 4; i++)
            {
                await gathering.AddHeadlessAsync(regions.Urls[region], ImpairedRegions.Token($"headless-{region}-{i}"), network);
            }
        }

        var first = await gathering.MediaFlowsAsync(Patience);
        output.WriteLine($"all see and hear all after {first.Max(each => each.After).TotalSeconds:0.0} s");
        await gathering.MediaFlowsAsync(Patience);
        Assert.All(gathering.Headless, participant => Assert.Null(participant.Fault));
    }

    [MeasurementFact(Variable, "interop-path", needsRoot: true)]
    public async Task Only_what_somebody_watches_crosses_and_sound_goes_on_when_the_path_gets_narrow()
    {
        await using var regions = await ImpairedRegions.StartAsync(installations, seed: 4);
        var path = regions.Path;
        (path[0], path[1]) = (Bad, Bad);
        using var network = new HeadlessNetwork(address: regions.Machine.Host);
        await using var alice = await JoinAsync(regions, network, 0, "alice");
        await using var beside = await JoinAsync(regions, network, 0, "beside");
        var picture = await alice.PublishVideoAsync(new VideoPublication { Layers = 3 });
        await alice.PublishAudioAsync();
        await using var bob = await JoinAsync(regions, network, 1, "bob");
        await using var carol = await JoinAsync(regions, network, 1, "carol");
        HeadlessParticipant[] watching = [bob, carol];

        // Two watch the smallest layer: it crosses once, and no other.
        await ShowAsync(watching, picture, 320, 180);
        await UntilAsync(async () => (await VideoOf(bob)).Height == 180 && (await VideoOf(carol)).Height == 180, "both see the smallest layer");
        await Task.Delay(Window);
        var (crossed, received) = await CountAsync(path, watching, Window);
        output.WriteLine($"watched small by two: {Describe(crossed)}; {received} reached one of them");
        AssertUnion(crossed, received);

        // Nobody watches: sound alone crosses.
        await Task.WhenAll(watching.Select(person => person.SetTrackSettingsAsync([picture], 0, 0, disabled: true)));
        await Task.Delay(Window);
        (crossed, received) = await CountAsync(path, watching, Window);
        output.WriteLine($"picture watched by nobody: {Describe(crossed)}; {received} of sound reached one of them");
        AssertUnion(crossed, received);
        Assert.Equal(0, crossed.ByPayloadType.GetValueOrDefault(Vp8));

        // All of it; then there is little room; then there is again.
        await ShowAsync(watching, picture, 1280, 720);
        await UntilAsync(async () => (await VideoOf(bob)).Height == 720, "the largest layer comes");
        await Task.WhenAll(watching.Append(beside).Select(person => person.ClearLatencyAsync()));
        await Task.Delay(Window);
        Report("largest layer, 10 Mbit/s", await bob.GetStatisticsAsync());
        Report("the same beside the publisher", await beside.GetStatisticsAsync());

        await Task.WhenAll(watching.Select(person => person.ClearGapsAsync()));
        path[0] = path[1] = Worse;
        await FollowAsync(path, bob, Window);
        await UntilAsync(async () => (await VideoOf(bob)).Height is > 0 and < 720, "the picture falls by a layer");
        await FollowAsync(path, bob, Window);
        var sound = (await bob.GetStatisticsAsync()).Received.Single(track => track.Kind is MediaKind.Audio);
        output.WriteLine($"500 kbit/s: picture of {(await VideoOf(bob)).Height} lines, longest gap in sound {sound.LongestGap.TotalMilliseconds:0} ms, {sound.Lost} packets lost");
        Assert.True(
            sound.LongestGap < TimeSpan.FromSeconds(1),
            $"sound stood still for {sound.LongestGap.TotalMilliseconds:0} ms\n{await regions.DescribeAsync()}");

        path[0] = path[1] = Bad;
        await UntilAsync(async () => (await VideoOf(bob)).Height == 720, "the largest layer comes back");
        Assert.All(watching, person => Assert.True(person.IsActive));
    }

    private static Task<HeadlessParticipant> JoinAsync(ImpairedRegions regions, HeadlessNetwork network, int region, string identity) =>
        HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = new Uri(regions.Urls[region]),
            Token = ImpairedRegions.Token(identity),
            Network = network,
            Data = false,
            Key = FrameKey.FromSecret("the key of these participants"u8),
        });

    private static Task ShowAsync(IEnumerable<HeadlessParticipant> watching, string track, uint width, uint height) =>
        Task.WhenAll(watching.Select(person => person.SetTrackSettingsAsync([track], width, height)));

    private static async Task<TrackStatistics> VideoOf(HeadlessParticipant person) =>
        (await person.GetStatisticsAsync()).Received.FirstOrDefault(track => track.Kind is MediaKind.Video)
            ?? new TrackStatistics { TrackSid = string.Empty, PublisherSid = string.Empty, Kind = MediaKind.Video };

    /// <summary>What crossed towards region 1, and what those there received of it, each track once: the most that one of them did.</summary>
    private static async Task<(PathTraffic Crossed, long Received)> CountAsync(ImpairedPath path, IReadOnlyList<HeadlessParticipant> people, TimeSpan during)
    {
        var (crossed, received) = (path.SentBy(0), await PacketsAsync());
        await Task.Delay(during);
        var (crossedAfter, after) = (path.SentBy(0), await PacketsAsync());
        return (crossedAfter - crossed, after.GroupBy(track => track.Key.Sid, track => track.Value - received.GetValueOrDefault(track.Key)).Sum(track => track.Max()));

        async Task<Dictionary<(string Identity, string Sid), long>> PacketsAsync() =>
            (await Task.WhenAll(people.Select(person => person.GetStatisticsAsync())))
                .SelectMany(person => person.Received.Select(track => (Key: (person.Identity, track.TrackSid), track.Packets)))
                .ToDictionary(track => track.Key, track => track.Packets);
    }

    /// <summary>Prints what crosses and what arrives, twice a second.</summary>
    private async Task FollowAsync(ImpairedPath path, HeadlessParticipant person, TimeSpan during)
    {
        var step = TimeSpan.FromMilliseconds(500);
        var (before, dropped, sound) = (path.SentBy(0), path.DroppedOf(0), await SoundAsync());
        var frames = (await VideoOf(person)).Frames;
        for (var at = step; at <= during; at += step)
        {
            await Task.Delay(step);
            var (after, droppedAfter, soundAfter, picture) = (path.SentBy(0), path.DroppedOf(0), await SoundAsync(), await VideoOf(person));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{at.TotalSeconds,4:0.0} s: {(after - before).Bytes * 8 / step.TotalSeconds / 1000:0} kbit/s, {Describe(after - before)}; {droppedAfter.Overflowed - dropped.Overflowed} had no place, {droppedAfter.Lost - dropped.Lost} lost; {soundAfter - sound} packets of sound arrived, {picture.Frames - frames} pictures of {picture.Height} lines, {picture.KeyFrameRequests} key frames asked for"));
            frames = picture.Frames;
            (before, dropped, sound) = (after, droppedAfter, soundAfter);
        }

        async Task<long> SoundAsync() => (await person.GetStatisticsAsync()).Received.Single(track => track.Kind is MediaKind.Audio).Packets;
    }

    /// <summary>What two watch crosses once. Repairs are beside that: what is lost on the way crosses again.</summary>
    private static void AssertUnion(PathTraffic crossed, long received)
    {
        var media = crossed.ByPayloadType.GetValueOrDefault(Opus) + crossed.ByPayloadType.GetValueOrDefault(Vp8);
        Assert.InRange(media, received * 0.97, received * 1.03);
    }

    private static string Describe(PathTraffic crossed) => string.Create(
        CultureInfo.InvariantCulture,
        $"{crossed.ByPayloadType.GetValueOrDefault(Opus)} packets of sound and {crossed.ByPayloadType.GetValueOrDefault(Vp8)} of picture crossed, {crossed.ByPayloadType.GetValueOrDefault(OpusRepair) + crossed.ByPayloadType.GetValueOrDefault(Vp8Repair)} repairs, {crossed.Packets} packets in all");

    private void Report(string what, ParticipantStatistics statistics) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{what}: delay p50 {statistics.Latency.Percentile(0.5).TotalMilliseconds:0.0} ms, p99 {statistics.Latency.Percentile(0.99).TotalMilliseconds:0.0} ms"));

    private static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(since) < Patience, $"within {Patience}: {what}");
            await Task.Delay(100);
        }
    }
}
