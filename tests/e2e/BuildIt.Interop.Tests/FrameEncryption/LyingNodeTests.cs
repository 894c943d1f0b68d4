using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using Google.Protobuf;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>
/// Whatever a node says, a browser sends nothing that it has not sealed and plays nothing that does not open; and it says what it
/// refused. Each lie is also told to a page without encryption, whose media is then seen in clear: so the tests would see it.
/// </summary>
public sealed class LyingNodeTests(EncryptedFixture conference) : IClassFixture<EncryptedFixture>
{
    private const uint Epoch = 1;
    private const string Honest = "dora";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly string[] Roster = ["alice", "bob", "carol", Honest];

    /// <summary>What is refused, as the page is told; null of lies that change nothing.</summary>
    private static readonly Dictionary<string, string?> Refusals = new(StringComparer.Ordinal)
    {
        ["you have no name"] = "A track is not sent, because it could not be sealed",
        ["you are another member"] = "frames of carol are not sealed here: this is alice",
        ["only AV1 is taken"] = "av1 is not sent: frames are sealed for Opus, VP8 and VP9",
        ["only H.264 is taken"] = "h264 is not sent: frames are sealed for Opus, VP8 and VP9",
        ["only redundant sound is taken"] = "red is not sent: frames are sealed for Opus, VP8 and VP9",
    };

    public static TheoryData<string, BrowserKind> Received => Matrix(Lies.AboutOthers.Keys, "their tracks have no codec and are not encrypted", "they have no name");

    public static TheoryData<string> InClear => [.. Lies.AboutOthers.Keys];

    public static TheoryData<string, BrowserKind> Sent => Matrix(Lies.AboutOneself.Keys, "your tracks are not encrypted", "you have no name");

    [Theory]
    [MemberData(nameof(Received))]
    public async Task Nothing_in_clear_is_played(string lie, BrowserKind kind)
    {
        await using var meeting = conference.NewEncryptedMeeting();
        await using var node = await LyingNode.StartAsync(conference.Node.WebSocketUrl, Lies.AboutOthers[lie]);
        var alice = await meeting.JoinAsync("alice", kind, options => options with { Url = node.WebSocketUrl });
        await alice.RunAsync("harness.listenForErrors()");
        await meeting.BeginAsync(Epoch, Roster, alice);
        using var network = new HeadlessNetwork();
        await using var bob = await PublishAsync(meeting, network, "bob", HostileKey.InClear(Key(meeting, "bob")));

        // Enough that it would have been seen and heard several times over.
        await alice.EventuallyAsync(Patience, async () =>
        {
            var arrived = await ArrivedAsync(alice);
            var dropped = (await alice.CallAsync<Traffic[]>("harness.traffic()")).Where(line => line.Direction == "received").Sum(line => line.Dropped.Values.Sum());
            return arrived is { VideoPackets: > 100, AudioPackets: > 150 } && dropped > 100 ? null : $"too little came: {arrived}, dropped {dropped}";
        });
        var (told, played) = (await ErrorsAsync(alice), await ArrivedAsync(alice));
        Assert.Equal(0, played.FramesDecoded);
        Assert.InRange(played.Energy, 0, 1e-6);
        Assert.All(await alice.CallAsync<Traffic[]>("harness.traffic()"), line => Assert.True(line.Direction == "sent" || line.Passed == 0, $"{line}"));
        // Whose key there is none of is in no group, which the roster says; anything else is an error that the page hears of.
        Assert.True(told.Length > 0 || lie is "they are somebody who is no member" or "they have no name", "the page was told of nothing");
    }

    /// <summary>The control.</summary>
    [Theory]
    [MemberData(nameof(InClear))]
    public async Task Without_encryption_the_same_is_seen_and_heard(string lie)
    {
        await using var meeting = conference.NewMeeting();
        await using var node = await LyingNode.StartAsync(conference.Node.WebSocketUrl, Lies.AboutOthers[lie]);
        var alice = await meeting.JoinAsync("alice", options => options with { Url = node.WebSocketUrl });
        using var network = new HeadlessNetwork();
        await using var bob = await PublishAsync(meeting.Room, network, "bob", null);
        await alice.EventuallyAsync(Patience, async () =>
            await ArrivedAsync(alice) is { FramesDecoded: > 10, Energy: > 1e-5 } ? null : $"nothing is seen or heard: {await ArrivedAsync(alice)}");
    }

    [Theory]
    [MemberData(nameof(Sent))]
    public async Task Nothing_leaves_in_clear(string lie, BrowserKind kind)
    {
        await using var meeting = conference.NewEncryptedMeeting();
        await using var node = await LyingNode.StartAsync(conference.Node.WebSocketUrl, Lies.AboutOneself[lie]);
        var watch = WireWatch.OfKeys(Roster.ToDictionary(member => member, member => meeting.Key(member, Epoch)));
        using var network = new HeadlessNetwork();
        await using var ears = await ListenAsync(meeting.Room, network, watch);
        var alice = await meeting.JoinAsync("alice", kind, options => options with { Url = node.WebSocketUrl, Dynacast = true, Simulcast = false });
        await alice.RunAsync("harness.listenForErrors()");
        await meeting.BeginAsync(Epoch, Roster, alice);
        await EncryptedMeeting.SendWithAsync(Epoch, alice);
        // A lie can keep it from publishing at all; that is no clear media either.
        await alice.RunAsync("harness.publish({ video: true, audio: true, dtx: false, red: true, size: [320, 180] }).catch((error) => harness.told.push(error.message))");
        await alice.RunAsync("harness.room.setE2EEEnabled(false).catch((error) => harness.told.push(error.message))");
        await alice.RunAsync("harness.send('the canary sings', { reliable: true }).catch((error) => harness.told.push(error.message))");

        // Time for all of it: as long as somebody whom nobody lies to takes from joining to some seconds of sound and picture.
        await using var honest = await PublishAsync(meeting, network, Honest, Key(meeting, Honest));
        var refusal = Refusals.GetValueOrDefault(lie);
        await alice.EventuallyAsync(Patience, async () =>
        {
            var told = string.Join('\n', await ErrorsAsync(alice));
            return watch.Sealed(Honest) < 300 ? $"{watch.Sealed(Honest)} frames of who is honest"
                : refusal is not null && !Regex.IsMatch(told, refusal) ? $"the page was told: {told}"
                : refusal is null && watch.Sealed("alice") < 100 ? $"{watch.Sealed("alice")} sealed frames of alice; told: {told}"
                : null;
        });
        Assert.Empty(watch.Clear);
        Assert.Contains("cannot be switched off", string.Join('\n', await ErrorsAsync(alice)), StringComparison.Ordinal);
        Assert.DoesNotContain("canary", ears.Messages(), StringComparison.Ordinal);
    }

    /// <summary>The control.</summary>
    [Fact]
    public async Task Without_encryption_the_watch_finds_all_of_it_in_clear()
    {
        await using var meeting = conference.NewEncryptedMeeting();
        await using var node = await LyingNode.StartAsync(conference.Node.WebSocketUrl, Lies.None);
        var watch = WireWatch.OfKeys(Roster.ToDictionary(member => member, member => meeting.Key(member, Epoch)));
        using var network = new HeadlessNetwork();
        await using var ears = await ListenAsync(meeting.Room, network, watch);
        await using var plain = conference.NewMeetingIn(meeting.Room);
        var alice = await plain.JoinAsync("alice", options => options with { Url = node.WebSocketUrl, Simulcast = false });
        await alice.PublishAsync(width: 320, height: 180, dtx: false);
        await alice.RunAsync("harness.send('the canary sings', { reliable: true })");
        await alice.EventuallyAsync(Patience, () => Task.FromResult(
            watch.Clear.Count(found => found.EndsWith("type 96", StringComparison.Ordinal)) > 30
            && watch.Clear.Count(found => found.EndsWith("type 111", StringComparison.Ordinal) || found.EndsWith("type 63", StringComparison.Ordinal)) > 100
            && ears.Messages().Contains("the canary sings", StringComparison.Ordinal)
                ? null
                : $"only {string.Join(", ", watch.Clear.CountBy(found => found.Split(", ")[^1]))}, and the messages {ears.Messages()}"));
        Assert.Equal(0, watch.Sealed("alice"));
    }

    // Each lie to Chromium, and to Firefox the ones that would leave a receiver or a sender without its transform.
    private static TheoryData<string, BrowserKind> Matrix(IEnumerable<string> lies, params string[] alsoToFirefox)
    {
        var all = new TheoryData<string, BrowserKind>();
        foreach (var lie in lies)
        {
            all.Add(lie, BrowserKind.Chromium);
        }

        foreach (var lie in alsoToFirefox)
        {
            all.Add(lie, BrowserKind.Firefox);
        }

        return all;
    }

    private static ConferenceFrameKey Key(EncryptedMeeting meeting, string member) => new(meeting.Key(member, Epoch), Epoch);

    private static Task<Arrived> ArrivedAsync(BrowserParticipant page) => page.CallAsync<Arrived>("harness.arrived()");

    private static Task<string[]> ErrorsAsync(BrowserParticipant page) => page.CallAsync<string[]>("harness.told");

    private async Task<Ears> ListenAsync(string room, HeadlessNetwork network, WireWatch watch) => new(await HeadlessParticipant.JoinAsync(new HeadlessOptions
    {
        Url = new Uri(conference.Node.HttpUrl),
        Token = SfuNode.Token(room, "ears"),
        Network = network,
        PacketReceived = watch.Add,
    }));

    private Task<HeadlessParticipant> PublishAsync(EncryptedMeeting meeting, HeadlessNetwork network, string identity, IFrameKey key) =>
        PublishAsync(meeting.Room, network, identity, key);

    private async Task<HeadlessParticipant> PublishAsync(string room, HeadlessNetwork network, string identity, IFrameKey? key)
    {
        var participant = await HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = new Uri(conference.Node.HttpUrl),
            Token = SfuNode.Token(room, identity),
            Network = network,
            Key = key,
        });
        await participant.PublishVideoAsync(new VideoPublication { Layers = 1, Simulcast = false });
        await participant.PublishAudioAsync();
        return participant;
    }

    /// <summary>What reached a page over all its connections, whoever it is said to come from.</summary>
    private sealed record Arrived(long VideoPackets, long AudioPackets, long FramesDecoded, double Energy);

    /// <summary>Somebody who hears all that the node has of the others.</summary>
    private sealed class Ears : IAsyncDisposable
    {
        private readonly HeadlessParticipant _participant;
        private readonly ConcurrentQueue<string> _messages = [];

        public Ears(HeadlessParticipant participant)
        {
            _participant = participant;
            participant.DataReceived += (_, packet) => _messages.Enqueue(Encoding.Latin1.GetString(packet.ToByteArray()));
        }

        public string Messages() => string.Join('\n', _messages);

        public ValueTask DisposeAsync() => _participant.DisposeAsync();
    }
}
