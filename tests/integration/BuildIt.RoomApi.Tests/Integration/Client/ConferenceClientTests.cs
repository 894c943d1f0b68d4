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

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _client.DisposeAsync();
}
