using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Signaling.Rooms.Events;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.Data;

/// <summary>What clients may send that may be lost: what is beyond their allowance is dropped, and counted. Used on the room's loop.</summary>
internal sealed class LossyData(LimitReports reports)
{
    /// <summary>Takes a message from what its sender may send; false when that is used up.</summary>
    public bool MaySend(Participant sender, int bytes, Instant now) => Counted(sender, sender.LossyAllowance.TryTake(bytes, now), now);

    /// <summary>The same at the receivers' side, where one message becomes many.</summary>
    public bool MayDeliver(Participant sender, int receivers, int bytes, Instant now) =>
        Counted(sender, sender.LossyAllowance.TryDeliver(receivers, bytes, now), now);

    private bool Counted(Participant sender, bool may, Instant now)
    {
        if (!may)
        {
            reports.Count(sender, ClientLimit.Data, now);
        }

        return may;
    }
}
