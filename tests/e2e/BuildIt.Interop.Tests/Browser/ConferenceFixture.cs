using BuildIt.Interop.Tests.Node;

namespace BuildIt.Interop.Tests.Browser;

/// <summary>One node, one browser and the page server for a class of tests; each test has a room of its own.</summary>
public class ConferenceFixture : IAsyncLifetime
{
    private int _rooms;

    public SfuNode Node { get; private set; } = null!;

    public ChromiumBrowser Browser { get; private set; } = null!;

    public PageServer Pages { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        Node = await SfuNode.StartAsync(await NodeEnvironmentAsync());
        Pages = await PageServer.StartAsync();
        Browser = await ChromiumBrowser.StartAsync();
    }

    /// <summary>A room that no other test uses.</summary>
    public Meeting NewMeeting() => new(this, $"room-{Interlocked.Increment(ref _rooms)}");

    public virtual async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        await Pages.DisposeAsync();
        await Node.DisposeAsync();
    }

    /// <summary>What the node is started with beyond the defaults.</summary>
    protected virtual Task<IReadOnlyDictionary<string, string?>?> NodeEnvironmentAsync() => Task.FromResult<IReadOnlyDictionary<string, string?>?>(null);
}
