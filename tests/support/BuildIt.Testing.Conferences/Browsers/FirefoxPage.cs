using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using BuildIt.Testing.Conferences.Browsers.Firefox;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>A page of <see cref="FirefoxBrowser"/>, in a window of its own.</summary>
public sealed class FirefoxPage : WebPage
{
    private static readonly TimeSpan TitlePatience = TimeSpan.FromSeconds(10);

    private readonly BidiConnection _connection;
    private readonly string _context;

    internal FirefoxPage(BidiConnection connection, string context)
    {
        _connection = connection;
        _context = context;
    }

    public override Task<string?> EvaluateAsync(string script) => EvaluateAsync(_context, script);

    public override async Task ScreenshotAsync(string path)
    {
        var taken = await _connection.SendAsync("browsingContext.captureScreenshot", new JsonObject { ["context"] = _context });
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)taken["data"]!));
    }

    // The browser's own scripts know which process a page is in, and the page by its title.
    public override async Task CrashAsync()
    {
        var title = Guid.NewGuid().ToString();
        await EvaluateAsync($"document.title = '{title}'");
        var tree = await _connection.SendAsync("browsingContext.getTree", new JsonObject { ["moz:scope"] = "chrome", ["maxDepth"] = 0 });
        var chrome = (string)tree["contexts"]![0]!["context"]!;
        var script = $$"""
            [...Services.wm.getEnumerator("navigator:browser")].flatMap((window) => [...window.gBrowser.browsers])
              .filter((browser) => browser.contentTitle === "{{title}}").map((browser) => `${browser.browsingContext.currentWindowGlobal.osPid}`)[0] ?? ""
            """;
        string? process;
        for (var watch = Stopwatch.StartNew(); (process = await EvaluateAsync(chrome, script)) is not { Length: > 0 };)
        {
            if (watch.Elapsed > TitlePatience)
            {
                throw new PageException("the browser does not find the page's process");
            }

            await Task.Delay(50);
        }

        Process.GetProcessById(int.Parse(process, CultureInfo.InvariantCulture)).Kill();
    }

    public override Task CloseAsync() => _connection.SendAsync("browsingContext.close", new JsonObject { ["context"] = _context });

    internal void OnLogEntry(JsonNode entry) =>
        WriteConsole((string?)entry["type"] == "javascript" ? $"uncaught: {entry["text"]}" : $"{entry["text"]}");

    private async Task<string?> EvaluateAsync(string context, string script)
    {
        var answer = await _connection.SendAsync("script.evaluate", new JsonObject
        {
            ["expression"] = script,
            ["target"] = new JsonObject { ["context"] = context },
            ["awaitPromise"] = true,
            ["userActivation"] = true,
        });
        if ((string?)answer["type"] == "exception")
        {
            throw new PageException((string)answer["exceptionDetails"]!["text"]!);
        }

        var value = answer["result"]!;
        return (string?)value["type"] == "string" ? (string?)value["value"] : null;
    }
}
