using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Rooms;

/// <summary>Learns what happens in rooms, in order. Called on the room's loop; must not block.</summary>
public interface IRoomObserver
{
    /// <summary>An event for webhooks; <c>id</c> and <c>created_at</c> are still to be set.</summary>
    void OnEvent(WebhookEvent happened);

    /// <summary>The room has ended and takes nothing more.</summary>
    void OnEnded(RoomCore room, RoomEndReason reason);

    /// <summary>A participant is held back by a limit. Told at most every <see cref="LimitReports.NoticeInterval"/> of each.</summary>
    void OnLimited(ParticipantSid participant, ClientLimit limit)
    {
    }
}
