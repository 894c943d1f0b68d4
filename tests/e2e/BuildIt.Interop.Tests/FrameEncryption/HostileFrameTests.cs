using System.Security.Cryptography;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using Google.Protobuf;

namespace BuildIt.Interop.Tests.FrameEncryption;

/// <summary>A browser plays and hands on what the member of the roster sealed, and nothing that comes under its name otherwise.</summary>
public sealed class HostileFrameTests(EncryptedFixture conference) : IClassFixture<EncryptedFixture>
{
    private const uint Epoch = 1;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string, string> Attacks => new()
    {
        { "every bit in turn", "badTag" },
        { "in clear", "version" },
        { "in clear and announced so", "version" },
        { "of another track", "badTag" },
        { "of another epoch", "unknownEpoch" },
        { "with another key", "badTag" },
        { "by the stock worker", "version" },
    };

    /// <summary>The other implementation of the frame format, in a real call.</summary>
    [Fact]
    public async Task Frames_and_messages_of_the_test_client_are_seen_heard_and_read()
    {
        await using var meeting = conference.NewEncryptedMeeting();
        var alice = await ReadyAsync(meeting);
        using var network = new HeadlessNetwork();
        await using var bob = await PublishAsync(meeting, network, new ConferenceFrameKey(meeting.Key("bob", Epoch), Epoch));
        await alice.SeesAndHearsAsync(["bob"], Patience);

        using var cipher = new AesGcm(meeting.Key("bob", Epoch), ConferenceFrame.TagLength);
        var said = new EncryptedPacketPayload { User = new UserPacket { Payload = ByteString.CopyFromUtf8("from C#") } }.ToByteArray();
        var packet = new DataPacket { EncryptedPacket = ConferenceMessage.Seal(cipher, Epoch, 7, 0, said) };
        // Sent twice, as a node could; and in clear.
        Assert.True(await bob.SendDataAsync(packet.Clone()));
        Assert.True(await bob.SendDataAsync(packet.Clone()));
        Assert.True(await bob.SendDataAsync("in clear"u8.ToArray()));
        await alice.EventuallyAsync(Patience, async () =>
        {
            var dropped = (await Traffic.OfAsync(alice, null, "received", "data")).Dropped.GetValueOrDefault("cleartext");
            var replayed = (await Traffic.OfAsync(alice, "bob", "received", "data")).Dropped.GetValueOrDefault("replay");
            return dropped == 1 && replayed == 1 ? null : $"{dropped} messages in clear and {replayed} replays were dropped";
        });
        Assert.Equal(["from C#"], (await alice.DataAsync()).Select(data => data.Text));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task Frames_that_the_member_did_not_send_are_not_played(string attack, string reason)
    {
        await using var meeting = conference.NewEncryptedMeeting();
        var alice = await ReadyAsync(meeting);
        var real = new ConferenceFrameKey(meeting.Key("bob", Epoch), Epoch);
        IFrameKey? key = attack switch
        {
            "every bit in turn" => HostileKey.FlippingBits(real),
            "in clear" => HostileKey.InClear(real),
            "of another track" => HostileKey.OfAnotherTrack(real),
            "of another epoch" => new ConferenceFrameKey(meeting.Key("bob", Epoch), Epoch + 1),
            "with another key" => new ConferenceFrameKey(meeting.Key("carol", Epoch), Epoch),
            "by the stock worker" => FrameKey.FromSecret(meeting.Key("bob", Epoch)),
            _ => null,
        };
        using var network = new HeadlessNetwork();
        await using var bob = await PublishAsync(meeting, network, key);

        // Enough that honest frames would have been seen and heard several times over.
        await alice.EventuallyAsync(Patience, async () =>
        {
            var (video, audio) = (await alice.ReceivedAsync("bob", "video"), await alice.ReceivedAsync("bob", "audio"));
            var traffic = await Traffic.OfAsync(alice, "bob", "received", "media");
            return video.Packets > 100 && audio.Packets > 150 && traffic.Dropped.GetValueOrDefault(reason) > 100 ? null : $"too little was dropped: {traffic}, {video}, {audio}";
        });
        Assert.Equal(0, (await alice.ReceivedAsync("bob", "video")).FramesDecoded);
        Assert.InRange((await alice.ReceivedAsync("bob", "audio")).Energy, 0, 1e-6);
        Assert.Equal(0, (await Traffic.OfAsync(alice, "bob", "received", "media")).Passed);
    }

    [Fact]
    public async Task Frames_that_are_sent_again_are_played_once()
    {
        const int Distinct = 20;
        await using var meeting = conference.NewEncryptedMeeting();
        var alice = await ReadyAsync(meeting);
        using var network = new HeadlessNetwork();
        await using var bob = await PublishAsync(meeting, network, new ReplayingKey(new ConferenceFrameKey(meeting.Key("bob", Epoch), Epoch), Distinct));
        await alice.EventuallyAsync(Patience, async () =>
            (await Traffic.OfAsync(alice, "bob", "received", "media")).Dropped.GetValueOrDefault("replay") > 200 ? null : "too little was sent again");
        // Of the picture and of the sound.
        Assert.InRange((await Traffic.OfAsync(alice, "bob", "received", "media")).Passed, 1, 2 * Distinct);
        Assert.InRange((await alice.ReceivedAsync("bob", "video")).FramesDecoded, 0, Distinct);
    }

    private static async Task<BrowserParticipant> ReadyAsync(EncryptedMeeting meeting)
    {
        var alice = await meeting.JoinAsync("alice");
        await meeting.BeginAsync(Epoch, ["alice", "bob"], alice);
        return alice;
    }

    private async Task<HeadlessParticipant> PublishAsync(EncryptedMeeting meeting, HeadlessNetwork network, IFrameKey? key)
    {
        var bob = await HeadlessParticipant.JoinAsync(new HeadlessOptions
        {
            Url = new Uri(conference.Node.HttpUrl),
            Token = SfuNode.Token(meeting.Room, "bob"),
            Network = network,
            Key = key,
        });
        await bob.PublishVideoAsync(new VideoPublication { Layers = 1, Simulcast = false });
        await bob.PublishAudioAsync();
        return bob;
    }
}
