using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Tells a room's observer what happens in it, with the room as it is then. Used on the room's loop.</summary>
internal sealed class RoomEvents(RoomState state, IRoomObserver observer)
{
    public void RoomStarted() => Raise("room_started");

    public void RoomFinished(RoomEndReason why) =>
        observer.OnEvent(new WebhookEvent { Event = "room_finished", Room = state.Info(), RoomEndReason = why });

    /// <summary>The participant's media is connected for the first time.</summary>
    public void ParticipantJoined(Participant participant) => Raise("participant_joined", participant);

    /// <summary>The participant is gone, whether or not its media ever was connected.</summary>
    public void ParticipantLeft(Participant participant) =>
        Raise(participant.EverActive ? "participant_left" : "participant_connection_aborted", participant);

    public void TrackPublished(Participant publisher, Track track) => Raise("track_published", publisher, track);

    public void TrackUnpublished(Participant publisher, Track track) => Raise("track_unpublished", publisher, track);

    private void Raise(string name, Participant? participant = null, Track? track = null) =>
        observer.OnEvent(new WebhookEvent
        {
            Event = name,
            Room = state.Info(),
            Participant = participant?.Snapshot,
            Track = track?.Info.Clone(),
        });
}
