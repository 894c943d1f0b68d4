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

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task Somebody_whose_clock_is_minutes_wrong_is_in_the_call(int minutes)
    {
        var ada = await Caller.EnterAsync(fixture, "Ada");
        var bob = await Caller.OpenAsync(fixture, "/?name=Bob&small=1", "Bob");
        await bob.Page.AddInitScriptAsync(
            $$"""
            (() => {
              const [RealDate, wrong] = [Date, {{minutes}} * 60000];
              window.Date = class extends RealDate {
                constructor(...given) { given.length === 0 ? super(RealDate.now() + wrong) : super(...given); }
                static now() { return RealDate.now() + wrong; }
              };
            })();
            """);
        await bob.Page.GotoAsync($"{fixture.Pages.Url}/?name=Bob&small=1&auto=1&wrong#{await ada.InvitationAsync()}");
        await bob.IsInAsync();
        var apart = await bob.Page.EvaluateAsync<double>("Date.now()") - await ada.Page.EvaluateAsync<double>("Date.now()");
        Assert.InRange(apart / 60_000, minutes - 0.5, minutes + 0.5);
        await FlowsAsync($"somebody came whose clock is {minutes} minutes wrong", ada, bob);
        await ada.WaitAsync("window.conference.roster.length === 2");
        await bob.WaitAsync($"window.conference.epoch === {await ada.EpochAsync()}");
        Assert.Equal(await ada.SafetyNumberAsync(), await bob.SafetyNumberAsync());
        Assert.False(await bob.Page.EvaluateAsync<bool>("!!window.conference.notice"));
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
