using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Limits;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>
/// Bounds on what others are told of a participant, in bytes as they are sent: everybody who joins is told all of it, and a room in
/// which that is too much can be joined by nobody.
/// </summary>
internal sealed class NewsBounds(RoomMembers members, ClientLimits limits)
{
    /// <summary>Whether a participant's tracks and data tracks may come to so much more.</summary>
    public bool MayAnnounce(Participant publisher, int bytes) =>
        bytes <= 0 || (Announced(publisher) + bytes <= limits.AnnouncedBytes && MaySay(publisher, bytes));

    /// <summary>
    /// Whether a participant may say so much more of itself. A small share is always its own, so that those who say much keep nobody
    /// from saying a little.
    /// </summary>
    public bool MaySay(Participant participant, int bytes)
    {
        if (bytes <= 0 || participant.SnapshotSize + bytes <= limits.ParticipantShareBytes)
        {
            return true;
        }

        long sum = bytes;
        foreach (var other in members.All)
        {
            sum += other.SnapshotSize;
        }

        return sum + (members.Has(participant) ? 0 : participant.SnapshotSize) <= limits.RoomNewsBytes;
    }

    private static int Announced(Participant publisher)
    {
        // Also those announced and not yet negotiated: they will be told.
        var sum = 0;
        foreach (var track in publisher.Tracks.Values)
        {
            sum += track.Info.CalculateSize();
        }

        foreach (var track in publisher.DataTracks.Published.Values)
        {
            sum += track.Info.CalculateSize();
        }

        return sum;
    }

    /// <summary>A departure, without what only matters of those who are there.</summary>
    public static ParticipantInfo Departed(ParticipantInfo info)
    {
        var departed = info.Clone();
        departed.Metadata = "";
        departed.Attributes.Clear();
        departed.Tracks.Clear();
        departed.DataTracks.Clear();
        return departed;
    }
}
