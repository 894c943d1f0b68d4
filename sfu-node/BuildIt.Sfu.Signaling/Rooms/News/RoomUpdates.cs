using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Protocol;
using BuildIt.Sfu.Signaling.Rooms.Base;
using BuildIt.Sfu.Signaling.Rooms.Members;

namespace BuildIt.Sfu.Signaling.Rooms.News;

/// <summary>Tells everybody here what the room as a whole is, as it changes. Used on the room's loop.</summary>
internal sealed class RoomUpdates(RoomState state, RoomTimer timer) : IDeadline
{
    /// <summary>Shortest time between two updates about counts.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private Instant _last = Instant.Zero - Interval;

    /// <summary>When the next update is sent.</summary>
    public Instant NextDeadline { get; private set; } = Instant.Never;

    /// <summary>Counts changed: everybody learns it, but not more often than the interval.</summary>
    public void CountsChanged(Instant now)
    {
        if (state.Ended)
        {
            return;
        }

        NextDeadline = Instant.Min(NextDeadline, Instant.Max(now, _last + Interval));
        timer.Schedule(NextDeadline);
    }

    public void HandleTimeout(Instant now)
    {
        if (NextDeadline <= now)
        {
            Send(now);
        }
    }

    public void Send(Instant now)
    {
        NextDeadline = Instant.Never;
        _last = now;
        OutboundSignal message = new SignalResponse { RoomUpdate = new RoomUpdate { Room = state.Info() } };
        foreach (var participant in state.Members.Here)
        {
            participant.Send(message);
        }
    }
}
