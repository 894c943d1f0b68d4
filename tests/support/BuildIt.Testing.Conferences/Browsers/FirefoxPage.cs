using System.Text.Json.Nodes;
using BuildIt.Testing.Conferences.Browsers.Firefox;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>A page of <see cref="FirefoxBrowser"/>, in a window of its own.</summary>
public sealed class FirefoxPage : WebPage
{
    private readonly BidiConnection _connection;
    private readonly string _context;

    internal FirefoxPage(BidiConnection connection, string context)
    {
        _connection = connection;
        _context = context;
    }

    public override async Task<string?> EvaluateAsync(string script)
    {
        var answer = await _connection.SendAsync("script.evaluate", new JsonObject
        {
            ["expression"] = script,
            ["target"] = new JsonObject { ["context"] = _context },
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

    public override async Task ScreenshotAsync(string path)
    {
        var taken = await _connection.SendAsync("browsingContext.captureScreenshot", new JsonObject { ["context"] = _context });
        await File.WriteAllBytesAsync(path, Convert.FromBase64String((string)taken["data"]!));
    }

    // A page of Firefox's own that ends the process it is loaded into, which is that of the page before it.
    public override Task CrashAsync() =>
        _connection.SendAsync("browsingContext.navigate", new JsonObject { ["context"] = _context, ["url"] = "about:crashcontent", ["wait"] = "none" });

    public override Task CloseAsync() => _connection.SendAsync("browsingContext.close", new JsonObject { ["context"] = _context });

    internal void OnLogEntry(JsonNode entry) =>
        WriteConsole((string?)entry["type"] == "javascript" ? $"uncaught: {entry["text"]}" : $"{entry["text"]}");
}
