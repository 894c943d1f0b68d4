using System.Globalization;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;

namespace BuildIt.Demo;

/// <summary>
/// One room with everybody in it, and the page's server. What the script asks for is at <c>/demo</c>:
/// <list type="bullet">
/// <item><c>room</c>: the room's id and the invitation to it, once the first has made it</item>
/// <item><c>all</c>: has the others join, and answers when they have</item>
/// <item><c>flows?since=</c>: the seconds from a moment, in milliseconds since 1970, until media flows between all of them</item>
/// <item><c>gaps/begin</c> and <c>gaps</c>: see <see cref="DemoGaps"/></item>
/// <item><c>where</c>: who is served where, as the last one's page shows it</item>
/// </list>
/// </summary>
internal sealed class DemoCall : IAsyncDisposable
{
    private static readonly string[] Names = ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Radia"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Gathering _gathering = new();
    private readonly List<(IPage Page, string Region)> _people = [];
    private readonly TaskCompletionSource<string> _made = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IReadOnlyList<string> _regions;
    private readonly int _browsers;
    private PageServer _pages = null!;
    private DemoGaps? _gaps;

    private DemoCall(int browsers, IReadOnlyList<string> regions)
    {
        _browsers = browsers;
        _regions = regions;
    }

    /// <summary>Builds the page and serves it.</summary>
    /// <param name="api">Where the room API is.</param>
    /// <param name="port">Port of the page.</param>
    /// <param name="pages">Folder into which the page is built.</param>
    /// <param name="browsers">How many browsers there are; one at least.</param>
    /// <param name="regions">Regions through which they connect, in turn; none: the nearest.</param>
    public static async Task<DemoCall> StartAsync(Uri api, int port, string pages, int browsers, IReadOnlyList<string> regions)
    {
        var call = new DemoCall(browsers, regions);
        await ExamplePages.BuildAsync(pages);
        call._pages = await PageServer.StartAsync(port, pages, application =>
        {
            application.MapGet("/demo/room", async () => Results.Text(await call._made.Task));
            application.MapPost("/demo/all", call.JoinAsync);
            application.MapGet("/demo/flows", call.FlowsAsync);
            application.MapPost("/demo/gaps/begin", call.BeginGapsAsync);
            application.MapGet("/demo/gaps", call.GapsAsync);
            application.MapGet("/demo/where", call.WhereAsync);
        });
        call._pages.Api = api;
        return call;
    }

    /// <summary>The first makes the call. The others join it when the script says so.</summary>
    public async Task MakeAsync()
    {
        await AddAsync(string.Empty);
        var invitation = await InvitationAsync();
        _made.SetResult($"{invitation.Split('&')[0]["room=".Length..]} {invitation}\n");
    }

    public async ValueTask DisposeAsync()
    {
        if (_gaps is not null)
        {
            await _gaps.DisposeAsync();
        }

        await _gathering.DisposeAsync();
        await _pages.DisposeAsync();
    }

    private Task<string> InvitationAsync() => _people[0].Page.EvaluateAsync<string>("window.conference.invitation.toString()");

    private async Task AddAsync(string fragment)
    {
        var i = _people.Count;
        var region = _regions.Count == 0 ? string.Empty : _regions[i % _regions.Count];
        var page = await _gathering.AddPageAsync(
            $"{_pages.Url}/?name={Names[i % Names.Length]}&small=1&auto=1{(region.Length == 0 ? "" : $"&region={region}")}{fragment}", Patience);
        _people.Add((page, region));
    }

    private async Task<IResult> JoinAsync()
    {
        var invitation = await InvitationAsync();
        while (_people.Count < _browsers)
        {
            await AddAsync($"#{invitation}");
        }

        return Results.Ok();
    }

    private async Task<IResult> FlowsAsync(long since)
    {
        var time = TimeProvider.System;
        var ago = time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(since);
        var watch = await MediaWatch.StartAsync(_gathering.Attendees, time.GetTimestamp() - (long)(ago.TotalSeconds * time.TimestampFrequency));
        try
        {
            var times = await watch.FlowsAsync(Patience);
            return Results.Text(string.Create(CultureInfo.InvariantCulture, $"{times.Max(each => each.After).TotalSeconds:F1}\n"));
        }
        catch (TimeoutException late)
        {
            return TooLate(late);
        }
    }

    private async Task<IResult> BeginGapsAsync()
    {
        if (_gaps is not null)
        {
            await _gaps.DisposeAsync();
            _gaps = null;
        }

        try
        {
            _gaps = await DemoGaps.BeginAsync(_gathering.Attendees, [.. _people.Select(person => person.Region)]);
            return Results.Ok();
        }
        catch (TimeoutException late)
        {
            return TooLate(late);
        }
    }

    private async Task<IResult> GapsAsync()
    {
        if (_gaps is null)
        {
            return Results.Text("nobody watches: POST /demo/gaps/begin first\n", statusCode: StatusCodes.Status409Conflict);
        }

        try
        {
            return Results.Text(await _gaps.EndAsync(Patience));
        }
        catch (TimeoutException late)
        {
            return TooLate(late);
        }
        finally
        {
            await _gaps.DisposeAsync();
            _gaps = null;
        }
    }

    private static IResult TooLate(TimeoutException late) => Results.Text($"{late.Message}\n", statusCode: StatusCodes.Status504GatewayTimeout);

    // Read from the page, so that what people see is what is printed.
    private async Task<IResult> WhereAsync()
    {
        var page = _people[^1].Page;
        await page.WaitForFunctionAsync(
            $"document.querySelectorAll('#members .where').length === {_people.Count} && ![...document.querySelectorAll('#members .where')].some((where) => where.textContent.startsWith('not'))",
            null,
            new PageWaitForFunctionOptions { Timeout = (float)Patience.TotalMilliseconds });
        return Results.Text(await page.EvaluateAsync<string>(
            "[...document.querySelectorAll('#members li')].map((li) => `${li.querySelector('b').textContent}: ${li.querySelector('.where').textContent}\\n`).sort().join('')"));
    }
}
