using BuildIt.Interop.Tests.Browser;
using BuildIt.Interop.Tests.Node;
using BuildIt.Testing.Conferences.Rooms;

namespace BuildIt.Interop.Tests.Faults;

/// <summary>A browser that has just come back with a new session learns of those who come right after it.</summary>
public sealed class ReturnedBrowserTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A client that has missed the news never gets them, so a minute would show nothing more.</summary>
    private static readonly TimeSpan NewsPatience = TimeSpan.FromSeconds(15);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_sees_who_joins_right_after_it(bool single)
    {
        var room = $"returned-{single}";
        await using var gathering = new Gathering();
        await gathering.AddBrowserAsync(conference.Pages, conference.Node.WebSocketUrl, Token("alice"), "alice", o => o with { Single = single });
        var alice = gathering.Browsers.Single();
        await gathering.AddHeadlessAsync(conference.Node.WebSocketUrl, Token("henry"));
        await gathering.MediaFlowsAsync(Patience);

        await alice.ForgetEventsAsync();
        await alice.RunAsync("void harness.room.simulateScenario('full-reconnect')");
        await alice.RaisesAsync("reconnected", Patience);
        await gathering.AddHeadlessAsync(conference.Node.WebSocketUrl, Token("ida"));
        await gathering.MediaFlowsAsync(NewsPatience);

        string Token(string identity) => SfuNode.Token(room, identity, conference.Node.IsCascade ? SfuNode.MayCreate : null);
    }
}
