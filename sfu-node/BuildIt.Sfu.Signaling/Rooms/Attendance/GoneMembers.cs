using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Data;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;

namespace BuildIt.Sfu.Signaling.Rooms.Attendance;

/// <summary>
/// Members who are in the room no more, whichever node they were connected to: what is kept of them beside their tracks goes too, and
/// they may come back. Used on the room's loop.
/// </summary>
internal sealed class GoneMembers(ReturningClients returning, Newcomers newcomers, DataRelay data, RoomUpdates updates)
{
    public void Forget(Member member, Instant now)
    {
        returning.Expect(member.Identity, now);
        newcomers.Forget(member);
        data.Forget(member);
        updates.CountsChanged(now);
    }
}
