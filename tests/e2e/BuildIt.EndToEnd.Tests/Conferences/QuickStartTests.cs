using System.Security.Cryptography;
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
        var secret = RandomNumberGenerator.GetBytes(32).Select(each => (int)each).ToArray();
        var host = await browser.OpenAsync($"{fleet.Pages.Url}/participant.html");
        var room = await host.EvaluateAsync<string>(Call, new { secret, room = (string?)null });
        var guest = await browser.OpenAsync($"{fleet.Pages.Url}/participant.html");
        Assert.Equal(room, await guest.EvaluateAsync<string>(Call, new { secret, room }));
        IReadOnlyList<IAttendee> both = [await PageAttendee.WatchAsync(host, Patience), await PageAttendee.WatchAsync(guest, Patience)];
        await (await MediaWatch.StartAsync(both)).FlowsAsync(Patience);

        // The node refuses what is not announced as encrypted; here is that the clients believe it too.
        Assert.True(await guest.EvaluateAsync<bool>("[...window.room.remoteParticipants.values()].every((other) => other.isEncrypted)"));
        Assert.Equal(2, await guest.EvaluateAsync<int>("document.querySelectorAll('body > video, body > audio').length"));
    }

    private const string Call =
        """
        async ({ secret, room }) => {
          const { call } = await import('/quick-start.js');
          const joined = await call(location.origin, crypto.getRandomValues(new Uint8Array(32)), new Uint8Array(secret), room ?? undefined);
          window.room = joined.room;
          return joined.roomId;
        }
        """;
}
