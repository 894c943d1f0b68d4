namespace BuildIt.Interop.Tests.Browser;

/// <summary>A camera in a codec that not everybody has: whoever lacks it sees the picture in another, and the others keep the first.</summary>
public sealed class BackupCodecTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string WithoutCodecs =
        "const withoutCodecs = ['vp9', 'av1'];\n" + File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pages", "without-codecs.js"));

    [Theory]
    [InlineData("vp9", true)]
    [InlineData("vp9", false)]
    [InlineData("av1", true)]
    public async Task Whoever_lacks_the_codec_sees_the_backup_and_the_others_keep_theirs(string codec, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single, Codec = codec, BackupCodec = "vp8" });
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single });
        await alice.PublishAsync(audio: false);
        await bob.SeesAndHearsAsync(["alice"], Patience, audio: false);
        Assert.Equal("video/" + codec, await bob.CodecAsync("alice"), ignoreCase: true);

        var carol = await meeting.JoinAsync("carol", o => o with { Single = single }, initialScript: WithoutCodecs);
        await carol.SeesAndHearsAsync(["alice"], Patience, audio: false);
        Assert.Equal("video/VP8", await carol.CodecAsync("alice"));
        await bob.SeesAndHearsAsync(["alice"], Patience, audio: false);
        Assert.Equal("video/" + codec, await bob.CodecAsync("alice"), ignoreCase: true);
    }

    [Fact]
    public async Task Firefox_without_the_codec_sees_the_backup()
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Codec = "vp9", BackupCodec = "vp8" });
        await alice.PublishAsync(audio: false);
        var carol = await meeting.JoinAsync("carol", initialScript: WithoutCodecs, kind: BrowserKind.Firefox);
        await carol.SeesAndHearsAsync(["alice"], Patience, audio: false);
        Assert.Equal("video/VP8", await carol.CodecAsync("alice"));
    }
}
