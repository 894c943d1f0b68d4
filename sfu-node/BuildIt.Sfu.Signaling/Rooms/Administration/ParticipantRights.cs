using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Attendance;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;

namespace BuildIt.Sfu.Signaling.Rooms.Administration;

/// <summary>Changes what participants may do. Used on the room's loop.</summary>
internal sealed class ParticipantRights(
    WallClock clock,
    TrackPublisher publishing,
    Reception reception,
    PublisherSweeps sweeps,
    DataTrackRelay dataTracks,
    ParticipantNews news,
    FreshTokens tokens,
    RoomUpdates updates)
{
    /// <summary>Applies new permissions at once: what is no longer allowed ends, what is now allowed starts.</summary>
    public void Set(Participant participant, ParticipantPermission permission, Instant now)
    {
        if (participant.Permission.Equals(permission))
        {
            return;
        }

        var wasHidden = participant.Hidden;
        participant.Permission = permission.Clone();
        participant.RightsSince = clock.At(now);
        publishing.UnpublishForbidden(participant, now);
        if (!permission.CanPublishData)
        {
            dataTracks.RemoveAll(participant, now);
        }

        participant.Changed();
        if (participant.Hidden && !wasHidden)
        {
            news.PublishGone(participant, participant.IsPublisher, now);
        }

        news.Publish(participant, now);
        reception.Reconcile(participant, now);
        sweeps.Start(participant, now);
        tokens.Give(participant, now);
        updates.CountsChanged(now);
    }
}
