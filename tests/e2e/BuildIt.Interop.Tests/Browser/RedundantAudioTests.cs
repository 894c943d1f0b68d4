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

        // A browser's statistics name the codec inside; that a copy of the sound before travels along shows in the size.
        var whole = await PayloadBytesAsync(carol, "alice");
        var unwrapped = await PayloadBytesAsync(bob, "alice");
        Assert.InRange(unwrapped / whole, 0.3, 0.7);
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
        var there = await PayloadBytesAsync(carol, "alice");
        var elsewhere = await PayloadBytesAsync(bob, "alice");
        Assert.InRange(elsewhere / there, 0.9, 1.1);
    }

    /// <summary>Average over some seconds of a packet's payload.</summary>
    private static async Task<double> PayloadBytesAsync(BrowserParticipant participant, string from)
    {
        var received = ReceivedTrack.None;
        await participant.EventuallyAsync(Patience, async () =>
            (received = await participant.ReceivedAsync(from, "audio")).Packets > 300 ? null : $"{participant.Identity} has {received.Packets} packets of {from}");
        return received.Bytes / (double)received.Packets;
    }
}
