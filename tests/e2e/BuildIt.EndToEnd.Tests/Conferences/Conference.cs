using BuildIt.Testing.Conferences.Rooms;
using BuildIt.Testing.Nostr;

namespace BuildIt.EndToEnd.Tests.Conferences;

/// <summary>A room made through the room API and everybody in it, each with a Nostr key of its own.</summary>
internal sealed class Conference : IAsyncDisposable
{
    private Conference(string room) => Room = room;

    public string Room { get; }

    public Gathering Gathering { get; } = new();

    /// <summary>Makes the room; everybody joins and publishes.</summary>
    public static async Task<Conference> MeetAsync(ConferenceFleet fleet, int browsers, int headless)
    {
        var host = new NostrSigner();
        var conference = new Conference((await fleet.Api.CreateAsync(host, "failover")).RoomId);
        try
        {
            for (var i = 0; i < browsers; i++)
            {
                var access = await fleet.Api.JoinAsync(i == 0 ? host : new NostrSigner(), conference.Room);
                await conference.Gathering.AddBrowserAsync(
                    fleet.Pages, access.SfuEndpoint, access.JoinToken, access.ParticipantId, options => options with { ReturnsFast = true });
            }

            for (var i = 0; i < headless; i++)
            {
                var access = await fleet.Api.JoinAsync(new NostrSigner(), conference.Room);
                await conference.Gathering.AddHeadlessAsync(access.SfuEndpoint, access.JoinToken);
            }

            return conference;
        }
        catch
        {
            await conference.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Gathering.DisposeAsync();
}
