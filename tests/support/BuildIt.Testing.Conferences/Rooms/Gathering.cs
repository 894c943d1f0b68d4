using System.Security.Cryptography;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Testing.Conferences.Browsers;
using Microsoft.Playwright;

namespace BuildIt.Testing.Conferences.Rooms;

/// <summary>
/// Everybody of one end-to-end encrypted call: browsers and headless participants, each publishing a small picture and sound. A browser
/// is a process of its own, as people have: in a shared Chromium the fake camera delivers nothing any more when two pages close and open it
/// at the same moment, which is what clients do that come back together. Members may not be called at the same time.
/// </summary>
public sealed class Gathering : IAsyncDisposable
{
    private readonly HeadlessNetwork _network = new();
    private readonly List<WebBrowser> _browsers = [];
    private readonly List<IAttendee> _attendees = [];

    /// <summary>What all frame keys are made of.</summary>
    public byte[] Secret { get; } = RandomNumberGenerator.GetBytes(32);

    public IReadOnlyList<IAttendee> Attendees => _attendees;

    public IEnumerable<BrowserParticipant> Browsers => _attendees.OfType<BrowserAttendee>().Select(attendee => attendee.Browser);

    public IEnumerable<ReturningParticipant> Headless => _attendees.OfType<HeadlessAttendee>().Select(attendee => attendee.Participant);

    /// <summary>A browser with the participant page of the tests.</summary>
    /// <param name="pages">Serves the page.</param>
    /// <param name="url">WebSocket address of the node or region.</param>
    /// <param name="token">The join token.</param>
    /// <param name="identity">The token's identity.</param>
    /// <param name="configure">Changes how it joins.</param>
    /// <param name="kind">Which browser.</param>
    public async Task AddBrowserAsync(
        PageServer pages, string url, string token, string identity, Func<JoinOptions, JoinOptions>? configure = null, BrowserKind kind = BrowserKind.Chromium)
    {
        var started = await WebBrowser.StartAsync(kind);
        _browsers.Add(started);
        var browser = await BrowserParticipant.OpenAsync(started, pages.Url, identity);
        var options = new JoinOptions { Url = url, Token = token, E2eeSecret = Convert.ToBase64String(Secret), Simulcast = false };
        await browser.JoinAsync(configure?.Invoke(options) ?? options);
        await browser.PublishAsync(width: 320, height: 180);
        _attendees.Add(new BrowserAttendee(browser, identity));
    }

    /// <summary>A browser with a page that joins and publishes by itself.</summary>
    /// <param name="address">The page, with all it has to know.</param>
    /// <param name="patience">How long it may take to join.</param>
    /// <returns>The page.</returns>
    public async Task<IPage> AddPageAsync(string address, TimeSpan patience)
    {
        var chromium = await ChromiumBrowser.StartAsync();
        _browsers.Add(chromium);
        var page = await chromium.OpenAsync(address);
        _attendees.Add(await PageAttendee.WatchAsync(page, patience));
        return page;
    }

    /// <summary>A headless participant.</summary>
    /// <param name="url">WebSocket address of the node or region.</param>
    /// <param name="token">The join token.</param>
    /// <param name="network">Its network; that of all others when left out.</param>
    public async Task AddHeadlessAsync(string url, string token, HeadlessNetwork? network = null) => _attendees.Add(new HeadlessAttendee(await ReturningParticipant.StartAsync(
        new HeadlessOptions { Url = new Uri(url), Token = token, Network = network ?? _network, Key = FrameKey.FromSecret(Secret), Data = false },
        new VideoPublication { Layers = 1, Simulcast = false },
        audio: true)));

    /// <summary>Forgets what the browsers wrote and raised until now.</summary>
    public Task ForgetEventsAsync() => Task.WhenAll(Browsers.Select(browser => browser.ForgetEventsAsync()));

    /// <summary>Waits until media of both kinds comes from everybody to everybody, counted from now or from an earlier moment.</summary>
    /// <returns>For each attendee the time until it did, and what came last.</returns>
    /// <exception cref="TimeoutException">It did not; the message says what is missing, and what the browsers know.</exception>
    public async Task<IReadOnlyList<Completion>> MediaFlowsAsync(TimeSpan patience, long? since = null)
    {
        var watch = await MediaWatch.StartAsync(_attendees, since);
        try
        {
            return await watch.FlowsAsync(patience);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message}\n{await DescribeAsync()}", late);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var participant in Headless)
        {
            await participant.DisposeAsync();
        }

        foreach (var browser in _browsers)
        {
            await browser.DisposeAsync();
        }

        _network.Dispose();
    }

    private async Task<string> DescribeAsync() => string.Join(
        '\n',
        [
            .. await Task.WhenAll(Browsers.Select(browser => browser.DescribeAsync())),
            .. Headless.Where(participant => participant.Fault is not null).Select(participant => $"{participant.Identity}: {participant.Fault}"),
        ]);
}
