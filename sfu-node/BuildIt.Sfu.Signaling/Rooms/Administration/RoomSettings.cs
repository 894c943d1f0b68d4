using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;
using BuildIt.Sfu.Signaling.Rooms.News;
using BuildIt.Sfu.Signaling.Rooms.Tracks;

namespace BuildIt.Sfu.Signaling.Rooms.Administration;

/// <summary>What may be changed of a room's options while it is open. Used on the room's loop.</summary>
internal sealed class RoomSettings(RoomState state, RoomLifetime lifetime, TrackPublisher publishing, RoomUpdates updates)
{
    /// <summary>Takes new settings over at once. The name and the trailer for server-made frames stay as they are.</summary>
    public void Set(RoomOptions options, Instant now)
    {
        var old = state.Options;
        var next = options with { Name = old.Name, Sid = old.Sid, Part = old.Part, SifTrailer = old.SifTrailer, Metadata = old.Metadata };
        if (state.Ended || next == old)
        {
            return;
        }

        state.Options = next;
        lifetime.Reconfigured(now);
        foreach (var participant in state.Members.Here)
        {
            publishing.UnpublishForbidden(participant, now);
        }

        updates.CountsChanged(now);
    }
}
