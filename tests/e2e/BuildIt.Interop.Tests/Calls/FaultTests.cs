using System.Diagnostics;
using System.Globalization;
using BuildIt.Testing.Conferences.Rooms;
using Xunit.Abstractions;

namespace BuildIt.Interop.Tests.Calls;

/// <summary>What breaks in a call comes back with the right keys, and nobody has to do anything.</summary>
public sealed class FaultTests(CallFixture fixture, ITestOutputHelper output) : IClassFixture<CallFixture>, IAsyncLifetime
{
    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => fixture.ClosePagesAsync();

    [Fact]
    public async Task A_page_that_is_reloaded_is_in_again_with_new_keys()
    {
        var (ada, bob) = await MeetAsync();
        var epoch = await ada.EpochAsync();
        var members = await ada.RosterAsync();
        await bob.Page.ReloadAsync();
        await bob.IsInAsync();
        await FlowsAsync("a reload", ada, bob);
        Assert.True(await ada.EpochAsync() > epoch);
        Assert.Equal(members, await ada.RosterAsync());
    }

    [Fact]
    public async Task When_redis_is_lost_the_group_begins_anew_and_the_call_goes_on()
    {
        var (ada, bob) = await MeetAsync();
        var before = await ada.SafetyNumberAsync();
        await ada.Page.EvaluateAsync("window.left = 0; window.room.on('disconnected', () => window.left++)");
        await fixture.Redis.FlushAllAsync();
        await ada.WaitAsync($"window.conference.state === 'member' && window.conference.safetyNumber !== '{before}' && window.conference.roster.length === 2");
        await FlowsAsync("the loss of Redis", ada, bob);
        Assert.Equal(await ada.SafetyNumberAsync(), await bob.SafetyNumberAsync());
        Assert.Equal(0, await ada.Page.EvaluateAsync<int>("window.left"));
    }

    [Fact]
    public async Task When_the_node_is_killed_the_call_comes_back()
    {
        var (ada, bob) = await MeetAsync();
        var members = await ada.RosterAsync();
        await fixture.RestartNodeAsync();
        await FlowsAsync("the death of the node", ada, bob);
        Assert.Equal(members, await ada.RosterAsync());
        Assert.Equal(members, await bob.RosterAsync());
    }

    [Fact]
    public async Task A_laptop_that_slept_for_a_minute_is_in_again()
    {
        var (ada, bob) = await MeetAsync();
        var session = await bob.Page.Context.NewCDPSessionAsync(bob.Page);
        await session.SendAsync("Page.setWebLifecycleState", new Dictionary<string, object> { ["state"] = "frozen" });
        await Task.Delay(TimeSpan.FromSeconds(60));
        await session.SendAsync("Page.setWebLifecycleState", new Dictionary<string, object> { ["state"] = "active" });
        await FlowsAsync("a minute of sleep", ada, bob);
        await bob.WaitAsync("window.conference.roster.length === 2");
        Assert.Equal(await ada.SafetyNumberAsync(), await bob.SafetyNumberAsync());
    }

    private async Task<(Caller Ada, Caller Bob)> MeetAsync()
    {
        var ada = await Caller.EnterAsync(fixture, "Ada");
        var bob = await Caller.EnterAsync(fixture, "Bob", await ada.InvitationAsync());
        await FlowsAsync("joining", ada, bob);
        await ada.WaitAsync("window.conference.roster.length === 2 && window.conference.roster.every((member) => member.name)");
        return (ada, bob);
    }

    private async Task FlowsAsync(string what, params Caller[] people)
    {
        var watch = Stopwatch.StartNew();
        await (await MediaWatch.StartAsync([.. people.Select(person => person.Attendee)])).FlowsAsync(TimeSpan.FromSeconds(90));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"media flows {watch.Elapsed.TotalSeconds:F1} s after {what}"));
    }
}
