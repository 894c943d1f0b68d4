using System.Globalization;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Nostr;
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

    /// <summary>The secret as it stands in the address.</summary>
    private string Link => Convert.ToHexStringLower(_gathering.Secret);

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

    /// <summary>Makes the room for a Nostr key and fills it.</summary>
    public async Task MeetAsync(int browsers, int headless)
    {
        var host = new NostrSigner();
        using var api = new RoomApiClient(new Uri(_pages.Url), _pages.Url);
        var room = (await api.CreateAsync(host, "Demo")).RoomId;
        for (var i = 0; i < browsers; i++)
        {
            await _gathering.AddPageAsync($"{_pages.Url}/?name={Names[i % Names.Length]}&small=1&auto=1#room={room}&secret={Link}", Patience);
        }

        for (var i = 0; i < headless; i++)
        {
            var access = await api.JoinAsync(i == 0 ? host : new NostrSigner(), room);
            await _gathering.AddHeadlessAsync(access.SfuEndpoint, access.JoinToken);
        }

        _met.SetResult($"{room} {_pages.Url}/#room={room}&secret={Link}\n");
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
