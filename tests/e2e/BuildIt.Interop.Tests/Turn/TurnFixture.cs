using BuildIt.Interop.Tests.Browser;
using BuildIt.Testing;

namespace BuildIt.Interop.Tests.Turn;

/// <summary>A node that names a TURN server, and browsers that believe the server's certificate.</summary>
public sealed class TurnFixture : ConferenceFixture
{
    public TurnServer Turn { get; private set; } = null!;

    public override async Task InitializeAsync()
    {
        Turn = await TurnServer.StartNewAsync();
        await base.InitializeAsync();
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        await Turn.DisposeAsync();
    }

    /// <summary>The variables of a node that names a TURN server.</summary>
    public static IReadOnlyDictionary<string, string?> Environment(TurnServer turn) => new Dictionary<string, string?>
    {
        ["BUILDIT_TURN_DOMAIN"] = turn.Domain,
        ["BUILDIT_TURN_PORT"] = $"{turn.Port}",
        ["BUILDIT_TURN_TLS_PORT"] = $"{turn.TlsPort}",
        ["BUILDIT_TURN_SECRET_FILE"] = turn.SecretFile,
    };

    protected override Task<IReadOnlyDictionary<string, string?>?> NodeEnvironmentAsync() =>
        Task.FromResult<IReadOnlyDictionary<string, string?>?>(Environment(Turn));

    protected override async Task<WebBrowser> StartBrowserAsync(BrowserKind kind) =>
        kind == BrowserKind.Chromium ? await ChromiumBrowser.StartAsync("--ignore-certificate-errors") : await base.StartBrowserAsync(kind);
}
