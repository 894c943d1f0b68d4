using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Base;

/// <summary>When a room has something to do next. Has no clock: the loop that calls the room has. Used on the room's loop.</summary>
/// <param name="first">When it has something to do first.</param>
/// <param name="movedEarlier">Called when <see cref="Next"/> became earlier.</param>
internal sealed class RoomTimer(Instant first, Action movedEarlier)
{
    public Instant Next { get; private set; } = first;

    /// <summary>Makes sure that the room is called by <paramref name="at"/>.</summary>
    public void Schedule(Instant at)
    {
        if (at < Next)
        {
            Next = at;
            movedEarlier();
        }
    }

    /// <summary>The room was called and has done what was due; all that it still has to do is known.</summary>
    public void Reset(Instant next) => Next = next;
}
