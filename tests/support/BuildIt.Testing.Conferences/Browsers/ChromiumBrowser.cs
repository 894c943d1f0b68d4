using BuildIt.Testing.Network;
using Microsoft.Playwright;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>
/// One headless Chromium for a test run, with fake camera and microphone. The binary is Debian's or the one in <c>CHROMIUM</c>. The one
/// that is only headless goes first: the other keeps windows that nobody sees, and takes a third more of the processor.
/// </summary>
public sealed class ChromiumBrowser : WebBrowser
{
    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private ChromiumBrowser(IPlaywright playwright, IBrowser browser)
    {
        _playwright = playwright;
        _browser = browser;
    }

    private static string Program => FindProgram("CHROMIUM", "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
        ?? throw new InvalidOperationException("Chromium is not installed: run 'make deps', or set CHROMIUM to its path.");

    public static Task<ChromiumBrowser> StartAsync(params string[] extraArguments) => StartProgramAsync(Program, extraArguments);

    /// <summary>Starts one behind a firewall.</summary>
    public static async Task<ChromiumBrowser> StartInAsync(Firewalled network, params string[] extraArguments) =>
        await StartProgramAsync(await network.WrapAsync(Program), extraArguments);

    private static async Task<ChromiumBrowser> StartProgramAsync(string program, string[] extraArguments)
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            Headless = true,
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-background-timer-throttling",
                "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
                "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=fps=15",
                "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection", .. extraArguments,
            ],
        });
        return new ChromiumBrowser(playwright, browser);
    }

    public override async Task<WebPage> OpenPageAsync(string url, string? initialScript = null) => new ChromiumPage(await OpenAsync(url, initialScript));

    /// <summary>The same, for tests of Chromium alone.</summary>
    /// <inheritdoc cref="OpenPageAsync"/>
    public async Task<IPage> OpenAsync(string url, string? initialScript = null)
    {
        var page = await _browser.NewPageAsync();
        if (initialScript is not null)
        {
            await page.AddInitScriptAsync(initialScript);
        }

        await page.GotoAsync(url);
        return page;
    }

    public override async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
