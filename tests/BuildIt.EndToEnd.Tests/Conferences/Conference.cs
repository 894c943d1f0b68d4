using System.Security.Cryptography;
using BuildIt.Sfu.TestClient;
using BuildIt.Sfu.TestClient.FrameEncryption;
using BuildIt.Sfu.TestClient.Media;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Testing.Conferences.Browsers;
using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Nostr;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>A room with real browsers and headless participants in it, each with a Nostr key of its own, end-to-end encrypted.</summary>
internal sealed class Conference : IAsyncDisposable
{
    private readonly ChromiumBrowser _browser;
    private readonly HeadlessNetwork _network = new();
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private readonly List<IAttendee> _attendees = [];

    private Conference(ChromiumBrowser browser, string room)
    {
        _browser = browser;
        Room = room;
    }

    public string Room { get; }

    public IReadOnlyList<IAttendee> Attendees => _attendees;

    public IEnumerable<BrowserParticipant> Browsers => _attendees.OfType<BrowserAttendee>().Select(attendee => attendee.Browser);

    public IEnumerable<ReturningParticipant> Headless => _attendees.OfType<HeadlessAttendee>().Select(attendee => attendee.Participant);

    /// <summary>Makes a room through the room API; everybody joins and publishes a small picture and sound.</summary>
    public static async Task<Conference> MeetAsync(ConferenceFleet fleet, int browsers, int headless)
    {
        var host = new NostrSigner();
        var access = await fleet.Api.CreateAsync(host, "failover");
        var conference = new Conference(await ChromiumBrowser.StartAsync(), access.RoomId);
        try
        {
            for (var i = 0; i < browsers; i++)
            {
                await conference.AddBrowserAsync(fleet.Pages, await fleet.Api.JoinAsync(i == 0 ? host : new NostrSigner(), access.RoomId));
            }

            for (var i = 0; i < headless; i++)
            {
                await conference.AddHeadlessAsync(await fleet.Api.JoinAsync(new NostrSigner(), access.RoomId));
            }

            return conference;
        }
        catch
        {
            await conference.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var participant in Headless)
        {
            await participant.DisposeAsync();
        }

        _network.Dispose();
        await _browser.DisposeAsync();
    }

    private async Task AddBrowserAsync(PageServer pages, RoomAccess access)
    {
        var browser = await BrowserParticipant.OpenAsync(_browser, pages.Url, access.ParticipantId);
        await browser.JoinAsync(new JoinOptions { Url = access.SfuEndpoint, Token = access.JoinToken, E2eeSecret = Convert.ToBase64String(_secret), Simulcast = false });
        await browser.PublishAsync(width: 320, height: 180);
        _attendees.Add(new BrowserAttendee(browser, access.ParticipantId));
    }

    private async Task AddHeadlessAsync(RoomAccess access) => _attendees.Add(new HeadlessAttendee(await ReturningParticipant.StartAsync(
        new HeadlessOptions { Url = new Uri(access.SfuEndpoint), Token = access.JoinToken, Network = _network, Key = FrameKey.FromSecret(_secret), Data = false },
        new VideoPublication { Layers = 1, Simulcast = false },
        audio: true)));
}
