using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Links;
using BuildIt.Sfu.Signaling.Rooms.Members;
using LeaveAction = BuildIt.Sfu.Signaling.Protocol.LeaveRequest.Types.Action;

namespace BuildIt.Sfu.Signaling.Rooms.Administration;

/// <summary>Ends a room: everybody is sent away, and nothing happens in it any more. Used on the room's loop.</summary>
internal sealed class RoomEnd(RoomState state, Departures departures, RoomLinks links, RoomEvents events, RoomTimer timer)
{
    /// <returns>False when it had ended before.</returns>
    public bool TryEnd(DisconnectReason reason, RoomEndReason why, LeaveAction action, Instant now)
    {
        if (state.Ended)
        {
            return false;
        }

        foreach (var participant in state.Members.Here.ToArray())
        {
            departures.Leave(participant, reason, action, now);
        }

        links.Close(now);
        state.Ended = true;
        timer.Reset(Instant.Never);
        state.Media.Close(now);
        if (!state.Options.IsEdge)
        {
            // Those elsewhere are sent away there, of which nothing comes here any more.
            state.Members.ForgetElsewhere();
            events.RoomFinished(why);
        }

        return true;
    }
}
