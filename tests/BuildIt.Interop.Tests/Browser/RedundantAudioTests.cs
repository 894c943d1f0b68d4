namespace BuildIt.Interop.Tests.Browser;

/// <summary>A browser that sends redundant audio is heard by one that does not know it, as Firefox and Safari do not.</summary>
public sealed class RedundantAudioTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string WithoutRed = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pages", "without-red.js"));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Redundancy_is_taken_off_for_who_does_not_know_it(bool single)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single });
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single }, initialScript: WithoutRed);
        var carol = await meeting.JoinAsync("carol", o => o with { Single = single });
        await alice.PublishAsync(video: false, red: true);
        await bob.PublishAsync(video: false, red: true);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        await carol.SeesAndHearsAsync(["alice", "bob"], Patience, video: false);
        await alice.SeesAndHearsAsync(["bob"], Patience, video: false);

        // What carol receives is what alice sends.
        Assert.Equal("audio/opus", await bob.AudioCodecAsync("alice"));
        Assert.Equal("audio/red", await carol.AudioCodecAsync("alice"));
    }

    [Fact]
    public async Task Encrypted_sound_has_no_redundancy_and_is_heard_by_all()
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { E2eeKey = "open sesame" });
        var bob = await meeting.JoinAsync("bob", o => o with { E2eeKey = "open sesame" }, initialScript: WithoutRed);
        var carol = await meeting.JoinAsync("carol", o => o with { E2eeKey = "open sesame" });
        await alice.PublishAsync(video: false, red: true);
        await bob.SeesAndHearsAsync(["alice"], Patience, video: false);
        await carol.SeesAndHearsAsync(["alice"], Patience, video: false);
        Assert.Equal("audio/opus", await bob.AudioCodecAsync("alice"));
        Assert.Equal("audio/opus", await carol.AudioCodecAsync("alice"));
    }
}
