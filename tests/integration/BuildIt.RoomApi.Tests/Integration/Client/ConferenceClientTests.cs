using Xunit.Abstractions;

namespace BuildIt.RoomApi.Tests.Integration.Client;

/// <summary>Groups of the TypeScript client over a real room API: who comes, goes, is taken out and comes back has the keys it should.</summary>
[Collection(RoomApiCollection.Name)]
public sealed class ConferenceClientTests(RoomApiFixture api, ITestOutputHelper output) : IAsyncLifetime
{
    private readonly ConferenceClient _client = new(api);

    [Fact]
    public async Task A_group_lives_through_everything_that_happens_to_its_members() =>
        output.WriteLine(await _client.RunAsync("life", TimeSpan.FromMinutes(3)));

    [Fact]
    public async Task A_group_comes_back_after_lost_redis_a_spoilt_commit_a_wrong_clock_and_an_ending_proof() =>
        output.WriteLine(await _client.RunAsync("faults", TimeSpan.FromMinutes(4)));

    [Fact]
    public async Task Nostr_relays_are_enough_with_one_of_three_away() =>
        output.WriteLine(await _client.RunAsync("relays", TimeSpan.FromMinutes(2)));

    /// <summary>How many people: 50 take half a minute of a core, since all of them are on one machine; "make crowd" has them.</summary>
    [Fact]
    public async Task A_crowd_that_comes_and_goes_makes_few_commits() =>
        output.WriteLine(await _client.RunAsync("crowd", TimeSpan.FromMinutes(5), new Dictionary<string, string?>
        {
            ["PEOPLE"] = Environment.GetEnvironmentVariable("CROWD") ?? "20",
        }));

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _client.DisposeAsync();
}
