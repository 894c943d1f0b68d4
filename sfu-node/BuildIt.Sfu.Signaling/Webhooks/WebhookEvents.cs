using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Webhooks;

/// <summary>What happens in rooms under the names that LiveKit gives it. Pure.</summary>
internal static class WebhookEvents
{
    /// <summary>The event as it is posted; <c>id</c> and <c>created_at</c> are still to be set.</summary>
    public static WebhookEvent Of(RoomEvent happened) => happened switch
    {
        RoomEvent.Started => new WebhookEvent { Event = "room_started", Room = happened.Room },
        RoomEvent.Finished finished => new WebhookEvent { Event = "room_finished", Room = happened.Room, RoomEndReason = finished.Why },
        RoomEvent.ParticipantJoined joined => Of("participant_joined", joined),
        RoomEvent.ParticipantLeft left => Of("participant_left", left),
        RoomEvent.ParticipantAborted aborted => Of("participant_connection_aborted", aborted),
        RoomEvent.TrackPublished published => Of("track_published", published, published.Track),
        RoomEvent.TrackUnpublished unpublished => Of("track_unpublished", unpublished, unpublished.Track),
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened, "no such event"),
    };

    private static WebhookEvent Of(string name, RoomEvent.OfParticipant happened, TrackInfo? track = null) =>
        new() { Event = name, Room = happened.Room, Participant = happened.Participant, Track = track };
}
