using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>Whether anybody was ever in a room, since when nobody is, and when it closes for that. Used on the room's loop.</summary>
internal sealed class RoomLifetime
{
    private readonly RoomState _state;
    private readonly RoomTimer _timer;
    private Instant? _emptySince;

    /// <param name="state">The room.</param>
    /// <param name="timer">Learns when it closes.</param>
    /// <param name="closeAt">When it closes if nobody comes.</param>
    public RoomLifetime(RoomState state, RoomTimer timer, Instant closeAt) => (_state, _timer, CloseAt) = (state, timer, closeAt);

    /// <summary>When the room closes if nobody comes.</summary>
    public Instant CloseAt { get; private set; }

    /// <summary>Whether anybody has ever joined.</summary>
    public bool EverJoined { get; private set; }

    /// <summary>Time that those who are gone have spent here, added up.</summary>
    public TimeSpan Served { get; private set; }

    /// <summary>For how long nobody has been there; null while somebody is there or nobody has been.</summary>
    public TimeSpan? EmptyFor(Instant now) => now - _emptySince;

    /// <summary>Whether the room is to close, because nobody is there.</summary>
    public bool IsOver(Instant now) => CloseAt <= now && _state.Members.Here.Count == 0;

    /// <summary>When a room closes that nobody joins.</summary>
    public static Instant FirstClose(RoomOptions options, Instant now) => options.EndsWhenEmpty ? now + options.EmptyTimeout : Instant.Never;

    /// <summary>Somebody is there.</summary>
    public void Joined()
    {
        CloseAt = Instant.Never;
        EverJoined = true;
        _emptySince = null;
    }

    /// <summary>Somebody is gone who was there for so long.</summary>
    public void Left(TimeSpan served, Instant now)
    {
        Served += served;
        if (_state.Members.Here.Count == 0 && !_state.Ended)
        {
            _emptySince = now;
            CloseAfter(_state.Options.DepartureTimeout, now);
        }
    }

    /// <summary>The timeouts may have changed.</summary>
    public void Reconfigured(Instant now)
    {
        if (_state.Members.Here.Count == 0)
        {
            CloseAfter(!EverJoined ? _state.Options.EmptyTimeout : _state.Options.DepartureTimeout, now);
        }
    }

    private void CloseAfter(TimeSpan timeout, Instant now)
    {
        CloseAt = _state.Options.EndsWhenEmpty ? now + timeout : Instant.Never;
        _timer.Schedule(CloseAt);
    }
}
