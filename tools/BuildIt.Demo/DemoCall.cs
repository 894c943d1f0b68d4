using System.Globalization;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace BuildIt.Demo;

/// <summary>
/// One room with everybody in it, and the page's server. What the script asks for is at <c>/demo</c>: <c>room</c>, the room's id
/// and the address of the page in it, once everybody has joined; <c>flows?since=</c>, the seconds from a moment, in milliseconds
/// since 1970, until media flows between all of them.
/// </summary>
internal sealed class DemoCall : IAsyncDisposable
{
    private static readonly string[] Names = ["Ada", "Grace", "Edsger", "Barbara", "Alan", "Radia"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Gathering _gathering = new();
    private readonly TaskCompletionSource<string> _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private PageServer _pages = null!;

    private DemoCall()
    {
    }

    /// <summary>Builds the page and serves it.</summary>
    public static async Task<DemoCall> StartAsync(Uri api, int port, string pages)
    {
        var call = new DemoCall();
        await ExamplePages.BuildAsync(pages);
        call._pages = await PageServer.StartAsync(port, pages, application =>
        {
            application.MapGet("/demo/room", async () => Results.Text(await call._met.Task));
            application.MapGet("/demo/flows", call.FlowsAsync);
        });
        call._pages.Api = api;
        return call;
    }

    /// <summary>The first makes the call, the others join it with its invitation.</summary>
    /// <param name="browsers">How many there are; one at least.</param>
    public async Task MeetAsync(int browsers)
    {
        string? invitation = null;
        for (var i = 0; i < browsers; i++)
        {
            var page = await _gathering.AddPageAsync($"{_pages.Url}/?name={Names[i % Names.Length]}&small=1&auto=1{(invitation is null ? "" : $"#{invitation}")}", Patience);
            invitation ??= await page.EvaluateAsync<string>("window.conference.invitation.toString()");
        }

        var room = invitation!.Split('&')[0]["room=".Length..];
        _met.SetResult($"{room} {_pages.Url}/#{invitation}\n");
    }

    public async ValueTask DisposeAsync()
    {
        await _gathering.DisposeAsync();
        await _pages.DisposeAsync();
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
            return Results.Text($"{late.Message}\n", statusCode: StatusCodes.Status504GatewayTimeout);
        }
    }
}
