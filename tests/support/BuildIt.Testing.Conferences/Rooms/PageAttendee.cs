using System.Text.Json;
using BuildIt.Testing.Conferences.Browsers;
using Microsoft.Playwright;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>Somebody in any page that keeps its LiveKit room in <c>window.room</c>.</summary>
public sealed class PageAttendee : IAttendee
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly IPage _page;

    private PageAttendee(IPage page, string identity)
    {
        _page = page;
        Identity = identity;
    }

    public string Identity { get; }

    /// <summary>Waits until the page is in its room.</summary>
    public static async Task<PageAttendee> WatchAsync(IPage page, TimeSpan timeout)
    {
        await page.WaitForFunctionAsync("window.room?.state === 'connected'", null, new PageWaitForFunctionOptions { Timeout = (float)timeout.TotalMilliseconds });
        await page.AddScriptTagAsync(new PageAddScriptTagOptions { Path = Path.Combine(AppContext.BaseDirectory, "Pages", "flows.js") });
        await page.EvaluateAsync("window.flows = watchFlows(window.room)");
        return new PageAttendee(page, await page.EvaluateAsync<string>("window.room.localParticipant.identity"));
    }

    public async Task<IReadOnlyDictionary<Flow, double>> ProgressAsync()
    {
        var text = await _page.EvaluateAsync<string>("window.flows().then(JSON.stringify)");
        return BrowserAttendee.ToFlows(JsonSerializer.Deserialize<List<MediaProgress>>(text, Json)!);
    }
}
