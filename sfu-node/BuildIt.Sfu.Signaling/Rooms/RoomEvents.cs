using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Tells a room's observer what happens in it, with the room as it is then. Used on the room's loop.</summary>
internal sealed class RoomEvents(RoomState state, IRoomObserver observer)
{
    public void RoomStarted() => observer.OnEvent(new RoomEvent.Started(state.Info()));

    public void RoomFinished(RoomEndReason why) => observer.OnEvent(new RoomEvent.Finished(state.Info(), why));

    /// <summary>The participant's media is connected for the first time.</summary>
    public void ParticipantJoined(Participant participant) =>
        observer.OnEvent(new RoomEvent.ParticipantJoined(state.Info(), participant.Snapshot));

    /// <summary>The participant is gone, whether or not its media ever was connected.</summary>
    public void ParticipantLeft(Participant participant) => observer.OnEvent(participant.EverActive
        ? new RoomEvent.ParticipantLeft(state.Info(), participant.Snapshot)
        : new RoomEvent.ParticipantAborted(state.Info(), participant.Snapshot));

    public void TrackPublished(Participant publisher, Track track) =>
        observer.OnEvent(new RoomEvent.TrackPublished(state.Info(), publisher.Snapshot, track.Info.Clone()));

    public void TrackUnpublished(Participant publisher, Track track) =>
        observer.OnEvent(new RoomEvent.TrackUnpublished(state.Info(), publisher.Snapshot, track.Info.Clone()));
}
