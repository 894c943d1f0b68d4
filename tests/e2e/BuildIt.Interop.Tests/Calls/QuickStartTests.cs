using BuildIt.Testing.Conferences.Rooms;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>The file that README.md shows to application developers does what it says.</summary>
public sealed class QuickStartTests(CallFixture fixture) : IClassFixture<CallFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.ClosePagesAsync();

    [Fact]
    public async Task Two_nostr_keys_see_and_hear_each_other()
    {
        var host = await fixture.OpenAsync($"{fixture.Pages.Url}/participant.html");
        var invitation = await host.EvaluateAsync<string>(Call, null);
        var guest = await fixture.OpenAsync($"{fixture.Pages.Url}/participant.html");
        Assert.Equal(invitation, await guest.EvaluateAsync<string>(Call, invitation));
        IReadOnlyList<IAttendee> both = [await PageAttendee.WatchAsync(host, Caller.Patience), await PageAttendee.WatchAsync(guest, Caller.Patience)];
        await (await MediaWatch.StartAsync(both)).FlowsAsync(Caller.Patience);
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
