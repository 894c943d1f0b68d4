using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Events;

/// <summary>
/// Something that happened in a room, with everybody and everything as they were then. These are all there are: webhooks, presence and
/// metrics are made of them. Must not be changed, as several threads may read it.
/// </summary>
/// <param name="Room">The room, with what the event did to it.</param>
public abstract record RoomEvent(Protocol.Room Room)
{
    /// <summary>The room was opened.</summary>
    public sealed record Started(Protocol.Room Room) : RoomEvent(Room);

    /// <summary>The room has ended.</summary>
    /// <param name="Room">As it was at last.</param>
    /// <param name="Why">For what reason.</param>
    public sealed record Finished(Protocol.Room Room, RoomEndReason Why) : RoomEvent(Room);

    /// <summary>Something about a participant that is or was connected to this node.</summary>
    public abstract record OfParticipant(Protocol.Room Room, ParticipantInfo Participant) : RoomEvent(Room);

    /// <summary>A participant's media is connected for the first time.</summary>
    public sealed record ParticipantJoined(Protocol.Room Room, ParticipantInfo Participant) : OfParticipant(Room, Participant);

    /// <summary>A participant that had joined is gone.</summary>
    public sealed record ParticipantLeft(Protocol.Room Room, ParticipantInfo Participant) : OfParticipant(Room, Participant);

    /// <summary>A participant is gone whose media never was connected.</summary>
    public sealed record ParticipantAborted(Protocol.Room Room, ParticipantInfo Participant) : OfParticipant(Room, Participant);

    /// <summary>A track can be received.</summary>
    public sealed record TrackPublished(Protocol.Room Room, ParticipantInfo Participant, TrackInfo Track) : OfParticipant(Room, Participant);

    /// <summary>A track that could be received has ended.</summary>
    public sealed record TrackUnpublished(Protocol.Room Room, ParticipantInfo Participant, TrackInfo Track) : OfParticipant(Room, Participant);
}

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
