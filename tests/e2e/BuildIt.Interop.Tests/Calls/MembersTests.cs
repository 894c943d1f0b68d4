using BuildIt.Testing.Conferences.Rooms;
using Microsoft.Playwright;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>The main job: people with Nostr keys make a call, invite, join, see and hear each other, and take somebody out.</summary>
public sealed class MembersTests(CallFixture fixture) : IClassFixture<CallFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.ClosePagesAsync();

    [Fact]
    public async Task Three_meet_a_fourth_joins_and_who_is_removed_opens_nothing_more_until_readmitted()
    {
        var ada = await Caller.EnterAsync(fixture, "Ada");
        var invitation = await ada.InvitationAsync();
        var bob = await Caller.EnterAsync(fixture, "Bob", invitation);
        var carol = await Caller.EnterAsync(fixture, "Carol", invitation);
        List<Caller> people = [ada, bob, carol];
        await AreTogetherAsync(people);
        await SeeAndHearAsync(people);
        var epochOfThree = await ada.EpochAsync();

        var dora = await Caller.EnterAsync(fixture, "Dora", invitation);
        people.Add(dora);
        await AreTogetherAsync(people);
        await SeeAndHearAsync(people);
        Assert.True(await ada.EpochAsync() > epochOfThree);

        // The room API's word to the nodes is held back, so that Bob keeps his connection and goes on receiving. Dora has only just come,
        // and Bob's page stands still meanwhile: neither of them can tell from the call that he did not just leave.
        await ada.Page.RouteAsync("**/revoke", route => route.FulfillAsync(new RouteFulfillOptions
        {
            ContentType = "application/json",
            Body = """{"participantId":"x","role":"participant","revoked":true,"effect":"done","durable":true}""",
        }));
        var stalled = bob.Page.EvaluateAsync("() => { const end = performance.now() + 7000; while (performance.now() < end); }");
        await ada.Page.EvaluateAsync("window.conference.remove(window.conference.roster.find((member) => member.name === 'Bob'))");
        people.Remove(bob);
        await AreTogetherAsync(people);
        await stalled;
        await bob.WaitAsync("window.conference.state === 'removed'");
        Assert.Equal("removed", await bob.Page.EvaluateAsync<string>("window.conference.notice.kind"));
        await SeeAndHearAsync(people);

        var before = await OpenedAsync(bob);
        var received = await PacketsAsync(bob);
        await bob.WaitAsync($"({Packets})().then((packets) => packets > {received + 100})");
        Assert.Equal(before, await OpenedAsync(bob));
        await Assert.AllAsync(people, async person => Assert.DoesNotContain(await person.RosterAsync(), member => member.EndsWith("Bob", StringComparison.Ordinal)));
        foreach (var person in people)
        {
            // Whoever is there without keys is shown as such.
            await person.WaitAsync("window.conference.unverified.length === 1");
            Assert.Equal(["Bob"], await person.Page.EvaluateAsync<string[]>("window.conference.banned.map(({ name }) => name)"));
        }

        await ada.Page.EvaluateAsync("window.conference.readmit(window.conference.banned[0].publicKey)");
        people.Add(bob);
        await AreTogetherAsync(people);
        await SeeAndHearAsync(people);
        Assert.True(await OpenedAsync(bob) > before);
    }

    private const string Packets =
        """
        async () => {
          let packets = 0;
          for (const participant of window.room.remoteParticipants.values())
            for (const { track } of participant.trackPublications.values())
              (await track?.receiver?.getStats())?.forEach((entry) => { if (entry.type === 'inbound-rtp') packets += entry.packetsReceived; });
          return packets;
        }
        """;

    private static Task<int> PacketsAsync(Caller caller) => caller.Page.EvaluateAsync<int>(Packets);

    private static async Task<long> OpenedAsync(Caller caller) =>
        (await caller.TrafficAsync()).Where(traffic => traffic.Direction == "received").Sum(traffic => traffic.Passed);

    /// <summary>All have the same members with the same names, the same epoch and the same safety number.</summary>
    private static async Task AreTogetherAsync(IReadOnlyList<Caller> people)
    {
        foreach (var person in people)
        {
            await person.WaitAsync($"window.conference.state === 'member' && window.conference.roster.length === {people.Count} && window.conference.roster.every((member) => member.name && member.participant)");
        }

        var epoch = 0;
        foreach (var person in people)
        {
            epoch = Math.Max(epoch, await person.EpochAsync());
        }

        foreach (var person in people)
        {
            await person.WaitAsync($"window.conference.epoch === {epoch}");
        }

        var (roster, number) = (await people[0].RosterAsync(), await people[0].SafetyNumberAsync());
        Assert.Matches("^([0-9]{5} ){7}[0-9]{5}$", number);
        foreach (var person in people)
        {
            Assert.Equal(roster, await person.RosterAsync());
            Assert.Equal(number, await person.SafetyNumberAsync());
        }
    }

    private static async Task SeeAndHearAsync(IReadOnlyList<Caller> people) =>
        await (await MediaWatch.StartAsync([.. people.Select(person => person.Attendee)])).FlowsAsync(Caller.Patience);
}
