using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BuildIt.Testing.Conferences.Browsers.Firefox;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>One headless Firefox, spoken to by WebDriver BiDi. The binary is Debian's <c>firefox-esr</c>, <c>firefox</c>, or the one in <c>FIREFOX</c>.</summary>
public sealed partial class FirefoxBrowser : WebBrowser
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);

    private readonly ChildProcess _process;
    private readonly FirefoxProfile _profile;
    private readonly ConcurrentDictionary<string, FirefoxPage> _pages = new();
    private BidiConnection _connection = null!;

    private FirefoxBrowser(ChildProcess process, FirefoxProfile profile)
    {
        _process = process;
        _profile = profile;
    }

    /// <summary>Starts it with a new profile.</summary>
    /// <exception cref="InvalidOperationException">Firefox is not installed.</exception>
    public static async Task<FirefoxBrowser> StartAsync()
    {
        var program = FindProgram("FIREFOX", "firefox-esr", "firefox")
            ?? throw new InvalidOperationException("Firefox is not installed: run 'make deps', or set FIREFOX to its path.");
        var profile = new FirefoxProfile();
        var process = ChildProcess.Start(
            program,
            ["--headless", "--no-remote", "--profile", profile.Folder, "--remote-debugging-port", "0", "--remote-allow-system-access"],
            new Dictionary<string, string?> { ["HOME"] = profile.Folder, ["MOZ_CRASHREPORTER_DISABLE"] = "1" },
            outputPath: Path.Combine(profile.Folder, "firefox.log"));
        var browser = new FirefoxBrowser(process, profile);
        try
        {
            await process.WaitForOutputAsync("WebDriver BiDi listening on", StartPatience);
            browser._connection = await BidiConnection.ConnectAsync(new Uri(Address().Match(process.ReadOutput()).Groups[1].Value), browser.OnEvent);
            await browser._connection.SendAsync("session.subscribe", new JsonObject { ["events"] = new JsonArray("log.entryAdded") });
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    public override async Task<WebPage> OpenPageAsync(string url, string? initialScript = null)
    {
        // A window each: what is behind another tab counts as hidden.
        var created = await _connection.SendAsync("browsingContext.create", new JsonObject { ["type"] = "window" });
        var context = (string)created["context"]!;
        var page = new FirefoxPage(_connection, context);
        _pages[context] = page;
        if (initialScript is not null)
        {
            await _connection.SendAsync("script.addPreloadScript", new JsonObject { ["functionDeclaration"] = $"() => {{ {initialScript}\n}}", ["contexts"] = new JsonArray(context) });
        }

        await _connection.SendAsync("browsingContext.navigate", new JsonObject { ["context"] = context, ["url"] = url, ["wait"] = "complete" });
        return page;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        await _process.DisposeAsync();
        _profile.Dispose();
    }

    private void OnEvent(string name, JsonNode details)
    {
        if (name == "log.entryAdded" && (string?)details["source"]!["context"] is { } context && _pages.TryGetValue(context, out var page))
        {
            page.OnLogEntry(details);
        }
    }

    [GeneratedRegex(@"WebDriver BiDi listening on (ws://\S+)")]
    private static partial Regex Address();
}
