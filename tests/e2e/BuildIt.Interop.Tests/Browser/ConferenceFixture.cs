using BuildIt.Interop.Tests.Node;

namespace BuildIt.Interop.Tests.Browser;

/// <summary>One node, the page server, and a browser of each kind that is asked for, for a class of tests; each test has a room of its own.</summary>
public class ConferenceFixture : IAsyncLifetime
{
    private readonly Dictionary<BrowserKind, WebBrowser> _browsers = [];
    private int _rooms;

    public SfuNode Node { get; private set; } = null!;

    public PageServer Pages { get; private set; } = null!;

    public virtual async Task InitializeAsync()
    {
        Node = await StartNodeAsync();
        Pages = await StartPagesAsync();
    }

    /// <summary>The browser of a kind, started when it is asked for first.</summary>
    public async Task<WebBrowser> BrowserAsync(BrowserKind kind)
    {
        if (!_browsers.TryGetValue(kind, out var browser))
        {
            _browsers[kind] = browser = await StartBrowserAsync(kind);
        }

        return browser;
    }

    /// <summary>A room that no other test uses.</summary>
    public Meeting NewMeeting() => new(this, $"room-{Interlocked.Increment(ref _rooms)}");

    /// <summary>More participants for a room that there is.</summary>
    public Meeting NewMeetingIn(string room) => new(this, room);

    public virtual async Task DisposeAsync()
    {
        foreach (var browser in _browsers.Values)
        {
            await browser.DisposeAsync();
        }

        await Pages.DisposeAsync();
        await Node.DisposeAsync();
    }

    /// <summary>Starts what participants connect to.</summary>
    protected virtual async Task<SfuNode> StartNodeAsync() => await SfuNode.StartAsync(await NodeEnvironmentAsync());

    /// <summary>Serves the pages of the tests.</summary>
    protected virtual Task<PageServer> StartPagesAsync() => PageServer.StartAsync();

    /// <summary>Starts a browser as the tests of this fixture need it.</summary>
    protected virtual Task<WebBrowser> StartBrowserAsync(BrowserKind kind) => WebBrowser.StartAsync(kind);

    /// <summary>What the node is started with beyond the defaults.</summary>
    protected virtual Task<IReadOnlyDictionary<string, string?>?> NodeEnvironmentAsync() => Task.FromResult<IReadOnlyDictionary<string, string?>?>(null);
}
