namespace BuildIt.Interop.Tests.Browser;

/// <summary>The main job: unmodified livekit-client participants see and hear each other through the node.</summary>
public sealed class ConferenceTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task Two_participants_see_and_hear_each_other(BrowserKind first, BrowserKind second, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single }, kind: first);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single }, kind: second);
        await alice.PublishAsync();
        await bob.PublishAsync();
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task Four_participants_with_simulcast_see_and_hear_each_other(BrowserKind first, BrowserKind second, bool single)
    {
        await using var meeting = conference.NewMeeting();
        string[] names = ["alice", "bob", "carol", "dave"];
        var everybody = new List<BrowserParticipant>();
        foreach (var name in names)
        {
            var participant = await meeting.JoinAsync(name, o => o with { Single = single }, kind: everybody.Count % 2 == 0 ? first : second);
            await participant.PublishAsync();
            everybody.Add(participant);
        }

        foreach (var participant in everybody)
        {
            await participant.SeesAndHearsAsync(names.Except([participant.Identity]), Patience);
            var layers = (await participant.SentAsync()).Where(l => l.Kind == "video").Select(l => l.Rid).Order();
            Assert.Equal(["h", "q"], layers);
        }

        // Left for a person to look at: four tiles, three of them from the node.
        var picture = Path.Combine(AppContext.BaseDirectory, $"four-participants-{first}-{second}-{(single ? "single" : "dual")}.png");
        await everybody[0].Page.ScreenshotAsync(picture);
    }

    [Theory]
    [MemberData(nameof(BrowserPairs.Usual), MemberType = typeof(BrowserPairs))]
    public async Task Somebody_who_joins_later_sees_and_hears_those_who_were_there(BrowserKind first, BrowserKind second)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", kind: first);
        await alice.PublishAsync();
        var bob = await meeting.JoinAsync("bob", o => o with { Single = false }, kind: second);
        await bob.SeesAndHearsAsync(["alice"], Patience);
    }

    [Theory]
    [InlineData("vp9")]
    [InlineData("h264")]
    [InlineData("av1")]
    public async Task Other_codecs_arrive(string codec)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Codec = codec });
        var bob = await meeting.JoinAsync("bob");
        await alice.PublishAsync(width: 320, height: 180);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        Assert.Equal($"video/{codec}", await bob.CodecAsync("alice"), ignoreCase: true);
    }
}
