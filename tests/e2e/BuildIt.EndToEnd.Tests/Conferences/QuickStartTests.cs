using BuildIt.EndToEnd.Tests.Fleets;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>The file that README.md shows to application developers does what it says.</summary>
[Collection(FleetCollection.Name)]
public sealed class QuickStartTests(Installations installations)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public Task ItsTypesAreRight() => ExamplePages.CheckAsync();

    [RootFact]
    public async Task TwoNostrKeysSeeAndHearEachOther()
    {
        var fleet = await installations.ConferencesAsync();
        await using var browser = await ChromiumBrowser.StartAsync();
        var host = await browser.OpenAsync($"{fleet.Pages.Url}/participant.html");
        var invitation = await host.EvaluateAsync<string>(Call, null);
        var guest = await browser.OpenAsync($"{fleet.Pages.Url}/participant.html");
        Assert.Equal(invitation, await guest.EvaluateAsync<string>(Call, invitation));
        IReadOnlyList<IAttendee> both = [await PageAttendee.WatchAsync(host, Patience), await PageAttendee.WatchAsync(guest, Patience)];
        await (await MediaWatch.StartAsync(both)).FlowsAsync(Patience);

        // The node refuses what is not announced as encrypted; here is that both have proven who they are.
        Assert.Equal(2, await guest.EvaluateAsync<int>("window.conference.roster.filter((member) => member.participant).length"));
        Assert.Equal(2, await guest.EvaluateAsync<int>("document.querySelectorAll('body > video, body > audio').length"));
    }

    private const string Call =
        """
        async (invitation) => {
          const { call } = await import('/quick-start.js');
          window.conference = await call(location.origin, crypto.getRandomValues(new Uint8Array(32)), invitation ?? undefined);
          window.room = window.conference.room;
          return window.conference.invitation.toString();
        }
        """;
}
