using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>Participants go, or are sent away: all that is kept of them goes too, and others learn of it. Used on the room's loop.</summary>
internal sealed class Departures(
    RoomState state,
    RoomLifetime lifetime,
    TrackPublisher publishing,
    DataTrackRelay dataTracks,
    GoneMembers gone,
    ParticipantNews news,
    RoomEvents events)
{
    /// <summary>The node asks a participant to go, come back, or resume.</summary>
    public void Leave(Participant participant, DisconnectReason reason, LeaveAction action, Instant now)
    {
        participant.Send(new SignalResponse
        {
            Leave = new LeaveRequest { Reason = reason, Action = action, CanReconnect = action != LeaveAction.Disconnect },
        });
        if (action == LeaveAction.Resume)
        {
            participant.Signal?.Close();
            participant.Signal = null;
            return;
        }

        Left(participant, reason, now);
    }

    /// <summary>A participant is gone.</summary>
    public void Left(Participant participant, DisconnectReason reason, Instant now)
    {
        if (!state.Members.Remove(participant))
        {
            return;
        }

        var wasPublisher = participant.IsPublisher;
        participant.Signal?.Close();
        participant.Signal = null;
        participant.State = ParticipantInfo.Types.State.Disconnected;
        participant.DisconnectReason = reason;
        publishing.RemoveAll(participant);
        dataTracks.RemoveAll(participant, now);
        participant.Changed();
        participant.Media.Close(now);
        dataTracks.Unwatch(participant, now);
        gone.Forget(participant, now);
        news.PublishDeparture(participant, wasPublisher, now);
        events.ParticipantLeft(participant);
        lifetime.Left(participant, now);
    }

    /// <summary>
    /// A participant's connection is gone. A session whose media never connected ends; any other goes on and may be resumed, for as
    /// long as its media lives.
    /// </summary>
    public void SignalLost(Participant participant, Instant now)
    {
        participant.Signal = null;
        if (!participant.EverActive)
        {
            Left(participant, DisconnectReason.SignalClose, now);
        }
    }

    /// <summary>
    /// Asks participants to connect again, because the room is moving: at most <paramref name="count"/> of them, in order of joining.
    /// </summary>
    /// <returns>How many are left that have not been asked.</returns>
    public int SendAway(int count, DisconnectReason reason, LeaveAction action, Instant now)
    {
        var waiting = state.Members.Here.Where(p => p.Signal is not null).OrderBy(p => p.JoinedAt).ToArray();
        foreach (var participant in waiting.Take(count))
        {
            Leave(participant, reason, action, now);
        }

        return Math.Max(0, waiting.Length - count);
    }

    /// <summary>Removes a participant whose token was issued before <paramref name="notBefore"/> or does not say when.</summary>
    /// <returns>False when there is none.</returns>
    public bool Revoke(string identity, DateTimeOffset notBefore, Instant now)
    {
        if (state.Members.FindHere(identity) is not { } participant || participant.Claims.IssuedAt >= notBefore)
        {
            return false;
        }

        Leave(participant, DisconnectReason.ParticipantRemoved, LeaveAction.Disconnect, now);
        return true;
    }
}
