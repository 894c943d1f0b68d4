using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>What comes of it that a participant's media connects, fails, or is not there in time. Used on the room's loop.</summary>
internal sealed class MediaConnections(Departures departures, ParticipantNews news, RoomEvents events, RoomTimer timer)
{
    /// <summary>How long a participant whose media failed may take to resume.</summary>
    public static readonly TimeSpan ResumeGrace = TimeSpan.FromSeconds(5);

    /// <summary>All of it is connected.</summary>
    public void Ready(Participant participant, Instant now)
    {
        participant.MediaDeadline = Instant.Never;
        if (participant.EverActive)
        {
            return;
        }

        participant.EverActive = true;
        participant.Signal?.MediaReady();
        participant.State = ParticipantInfo.Types.State.Active;
        participant.Changed();
        news.Publish(participant, now);
        events.ParticipantJoined(participant);
    }

    /// <summary>A peer connection is gone: the client is asked to resume, and given a little time to do so.</summary>
    public void Failed(Participant participant, Instant now)
    {
        if (!participant.EverActive)
        {
            return; // The join timeout decides.
        }

        participant.MediaDeadline = now + ResumeGrace;
        timer.Schedule(participant.MediaDeadline);
        departures.Leave(participant, DisconnectReason.ConnectionTimeout, LeaveAction.Resume, now);
    }

    /// <summary>It did not connect, or did not come back, in time.</summary>
    public void TimedOut(Participant participant, Instant now)
    {
        if (participant.EverActive)
        {
            departures.Leave(participant, DisconnectReason.ConnectionTimeout, LeaveAction.Reconnect, now);
        }
        else
        {
            departures.Leave(participant, DisconnectReason.JoinFailure, LeaveAction.Disconnect, now);
        }
    }
}
