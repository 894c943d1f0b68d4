using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Join;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Requests;
using BuildIt.Sfu.Signaling.Rooms.Tracks;

namespace BuildIt.Sfu.Signaling.Rooms.Joins;

/// <summary>
/// Gives somebody who was let in what it has to have: the join response, media, what it receives, and answers to what it asked along with
/// joining; and announces it. Used on the room's loop.
/// </summary>
internal sealed class Welcome(
    RoomState state,
    ClientLimits limits,
    JoinResponses responses,
    Func<Participant, IMediaPeerEvents> mediaEvents,
    ParticipantNews news,
    Reception reception,
    TrackPublisher publishing,
    Negotiation negotiation,
    ReturningClients returning,
    RoomUpdates updates,
    RoomTimer timer)
{
    /// <returns>What it offered along with joining, still to be answered; null when nothing.</returns>
    public OfferWork? Give(Participant participant, JoinParameters asked, Instant now)
    {
        // Media may make an offer as soon as it has the peer, and join must be the first message.
        participant.Send(new SignalResponse { Join = responses.Join(participant, now) });
        participant.Media = state.Media.AddPeer(responses.Peer(participant), mediaEvents(participant), now);
        news.PublishNewcomer(participant, now);
        reception.Reconcile(participant, now);
        returning.HoldNews(participant, now);
        foreach (var request in asked.AddTracks.Take(limits.PendingTracks))
        {
            publishing.Announce(participant, request, now);
        }

        var offer = asked.Offer is { } description
            ? negotiation.BeginOffer(participant, asked.PublisherOffer!.Id, description, now)
            : null;
        updates.CountsChanged(now);
        timer.Schedule(Instant.Min(participant.MediaDeadline, participant.NextTokenRefresh));
        return offer;
    }
}
