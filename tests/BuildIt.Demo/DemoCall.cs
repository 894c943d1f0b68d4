using System.Globalization;
using System.Security.Cryptography;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
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

    private readonly HeadlessNetwork _network = new();
    private readonly TaskCompletionSource<string> _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly List<IAttendee> _attendees = [];
    private readonly List<ReturningParticipant> _headless = [];
    private PageServer _pages = null!;
    private ChromiumBrowser? _browser;

    private DemoCall()
    {
    }

    /// <summary>The secret as it stands in the address.</summary>
    private string Link => Convert.ToHexStringLower(_secret);

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
        _browser = await ChromiumBrowser.StartAsync();
        for (var i = 0; i < browsers; i++)
        {
            var page = await _browser.OpenAsync($"{_pages.Url}/?name={Names[i % Names.Length]}&small=1&auto=1#room={room}&secret={Link}");
            _attendees.Add(await PageAttendee.WatchAsync(page, Patience));
        }

        var key = FrameKey.FromSecret(_secret);
        for (var i = 0; i < headless; i++)
        {
            var access = await api.JoinAsync(i == 0 ? host : new NostrSigner(), room);
            var participant = await ReturningParticipant.StartAsync(
                new HeadlessOptions { Url = new Uri(access.SfuEndpoint), Token = access.JoinToken, Network = _network, Key = key, Data = false },
                new VideoPublication { Layers = 1, Simulcast = false },
                audio: true);
            _headless.Add(participant);
            _attendees.Add(new HeadlessAttendee(participant));
        }

        _met.SetResult($"{room} {_pages.Url}/#room={room}&secret={Link}\n");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var participant in _headless)
        {
            await participant.DisposeAsync();
        }

        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        await _pages.DisposeAsync();
        _network.Dispose();
    }

    private async Task<IResult> FlowsAsync(long since)
    {
        var time = TimeProvider.System;
        var ago = time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(since);
        var watch = await MediaWatch.StartAsync(_attendees, time.GetTimestamp() - (long)(ago.TotalSeconds * time.TimestampFrequency));
        try
        {
            var times = await watch.FlowsAsync(Patience);
            return Results.Text(string.Create(CultureInfo.InvariantCulture, $"{times.Max().TotalSeconds:F1}\n"));
        }
        catch (TimeoutException late)
        {
            return Results.Text($"{late.Message}\n", statusCode: StatusCodes.Status504GatewayTimeout);
        }
    }
}
