namespace BuildIt.Interop.Tests.Browser;

/// <summary>A track that is dropped and wanted again before the descriptions have followed, as by somebody who turns a page and back.</summary>
public sealed class ResubscriptionTests(ConferenceFixture conference) : IClassFixture<ConferenceFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [MemberData(nameof(BrowserPairs.UsualInBothModes), MemberType = typeof(BrowserPairs))]
    public async Task It_comes_again(BrowserKind first, BrowserKind second, bool single)
    {
        await using var meeting = conference.NewMeeting();
        var alice = await meeting.JoinAsync("alice", o => o with { Single = single }, kind: first);
        var bob = await meeting.JoinAsync("bob", o => o with { Single = single }, kind: second);
        await alice.PublishAsync();
        await bob.SeesAndHearsAsync(["alice"], Patience);
        foreach (var times in (int[])[1, 5])
        {
            await bob.RunAsync($$"""
                (() => {
                  for (let i = 0; i < {{times}}; i++)
                    for (const publication of harness.remote('alice').trackPublications.values()) {
                      publication.setSubscribed(false);
                      publication.setSubscribed(true);
                    }
                })()
                """);
            await bob.SeesAndHearsAsync(["alice"], Patience);
        }
    }
}
