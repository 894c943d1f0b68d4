using BuildIt.Interop.Tests.Node;

namespace BuildIt.Interop.Tests.Browser;

/// <summary>One node, one browser and the page server for a class of tests; each test has a room of its own.</summary>
public sealed class ConferenceFixture : IAsyncLifetime
{
    private int _rooms;

    public SfuNode Node { get; private set; } = null!;

    public ChromiumBrowser Browser { get; private set; } = null!;

    public PageServer Pages { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Node = await SfuNode.StartAsync();
        Pages = await PageServer.StartAsync();
        Browser = await ChromiumBrowser.StartAsync();
    }

    public string NewRoom() => $"room-{Interlocked.Increment(ref _rooms)}";

    /// <summary>Joins a browser participant.</summary>
    public Task<BrowserParticipant> JoinAsync(string room, string identity, Func<JoinOptions, JoinOptions>? configure = null, Action<TokenOptions>? token = null)
    {
        var options = new JoinOptions { Url = Node.WebSocketUrl, Token = SfuNode.Token(room, identity, token) };
        return BrowserParticipant.JoinAsync(Browser, Pages.Url, identity, configure?.Invoke(options) ?? options);
    }

    public async Task DisposeAsync()
    {
        await Browser.DisposeAsync();
        await Pages.DisposeAsync();
        await Node.DisposeAsync();
    }
}
