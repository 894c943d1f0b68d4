namespace BuildIt.Interop.Tests.Browser;

/// <summary>LiveKit's own end-to-end encryption through a node that cannot read what it forwards.</summary>
public sealed class EndToEndEncryptionTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task With_the_shared_key_everybody_sees_and_hears(BrowserKind first, BrowserKind second, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single, E2eeKey = "open sesame" }, kind: first);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single, E2eeKey = "open sesame" }, kind: second);
        await alice.PublishAsync();
        await bob.PublishAsync();
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        Assert.All(await bob.ReceivedAsync(), t => Assert.True(t.Encrypted));
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task With_another_key_nothing_is_seen_or_heard(BrowserKind first, BrowserKind second, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single, E2eeKey = "open sesame" }, kind: first);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single, E2eeKey = "open sesame" }, kind: second);
        var eve = await meeting.JoinAsync("eve", o => o with { Single = single, E2eeKey = "open barley" }, kind: second);
        await alice.PublishAsync();
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await ReceivesBytesAsync(eve, "alice");

        var video = await eve.ReceivedAsync("alice", "video");
        var audio = await eve.ReceivedAsync("alice", "audio");
        Assert.Equal(0, video.FramesDecoded);
        Assert.True(video.DecryptErrors > 0);
        Assert.InRange(audio.Energy, 0, 1e-6);
    }

    [Fact]
    public async Task Without_encryption_only_noise_is_seen()
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { E2eeKey = "open sesame" });
        var bob = await meeting.JoinAsync("bob", o => o with { E2eeKey = "open sesame" });
        var eve = await meeting.JoinAsync("eve");
        await alice.PublishAsync();
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await ReceivesBytesAsync(eve, "alice");

        // A decoder may make a frame of noise out of ciphertext, so the pictures themselves are compared.
        var camera = await alice.PictureAsync("own-camera");
        Assert.InRange(Difference(camera, await bob.PictureAsync("t-alice-camera")), 0, 20);
        Assert.InRange(Difference(camera, await eve.PictureAsync("t-alice-camera")), 40, 255);
        var told = await eve.CallAsync<bool>("harness.events.some(e => e.name === 'encryptionError')");
        Assert.True(told, "the client was not told that the track is encrypted");
    }

    private static double Difference(byte[] one, byte[] other) => one.Zip(other, (a, b) => Math.Abs(a - b)).Average();

    // Enough that a decoder with the key would have shown pictures and sound several times over.
    private static Task ReceivesBytesAsync(BrowserParticipant participant, string from) =>
        participant.EventuallyAsync(Patience, async () =>
        {
            var video = await participant.ReceivedAsync(from, "video");
            var audio = await participant.ReceivedAsync(from, "audio");
            return video.Bytes > 60_000 && audio.Packets > 150 ? null : $"{participant.Identity} receives too little: {video} {audio}";
        });
}
