namespace BuildIt.Interop.Tests.Browser;

/// <summary>The main job: unmodified livekit-client participants see and hear each other through the node.</summary>
public sealed class ConferenceTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Two_participants_see_and_hear_each_other(bool single)
    {
        var room = conference.NewRoom();
        var alice = await conference.JoinAsync(room, "alice", o => o with { Single = single });
        var bob = await conference.JoinAsync(room, "bob", o => o with { Single = single });
        await alice.PublishAsync();
        await bob.PublishAsync();
        await alice.SeesAndHearsAsync(["bob"], Patience);
        await bob.SeesAndHearsAsync(["alice"], Patience);
        await alice.Page.CloseAsync();
        await bob.Page.CloseAsync();
    }
}
