using Microsoft.Playwright;

namespace BuildIt.Testing.Conferences.Browsers;

/// <summary>A page of <see cref="ChromiumBrowser"/>.</summary>
public sealed class ChromiumPage : WebPage
{
    private static readonly TimeSpan CrashPatience = TimeSpan.FromSeconds(30);

    private readonly IPage _page;

    internal ChromiumPage(IPage page)
    {
        _page = page;
        page.Console += (_, message) => WriteConsole(message.Text);
        page.PageError += (_, error) => WriteConsole($"uncaught: {error}");
    }

    public override async Task<string?> EvaluateAsync(string script)
    {
        try
        {
            return (await _page.EvaluateAsync(script)) is { ValueKind: System.Text.Json.JsonValueKind.String } text ? text.GetString() : null;
        }
        catch (PlaywrightException failed)
        {
            throw new PageException(failed.Message);
        }
    }

    public override Task ScreenshotAsync(string path) => _page.ScreenshotAsync(new PageScreenshotOptions { Path = path });

    public override async Task CrashAsync()
    {
        var session = await _page.Context.NewCDPSessionAsync(_page);
        var gone = new TaskCompletionSource();
        _page.Crash += (_, _) => gone.TrySetResult();
        // Not awaited: the one who would answer is gone.
        _ = session.SendAsync("Page.crash");
        await gone.Task.WaitAsync(CrashPatience);
    }

    public override Task CloseAsync() => _page.CloseAsync();
}
