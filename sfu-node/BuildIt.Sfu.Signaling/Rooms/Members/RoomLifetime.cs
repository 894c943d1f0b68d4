using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Signaling.Rooms.Base;

namespace BuildIt.Sfu.Signaling.Rooms.Members;

/// <summary>Whether anybody was ever in a room, since when nobody is, and when it closes for that. Used on the room's loop.</summary>
internal sealed class RoomLifetime
{
    private readonly RoomState _state;
    private readonly RoomTimer _timer;
    private readonly WallClock _clock;
    private TimeSpan _served;
    private Instant? _emptySince;

    /// <param name="state">The room.</param>
    /// <param name="timer">Learns when it closes.</param>
    /// <param name="clock">Says how long somebody was there.</param>
    /// <param name="closeAt">When it closes if nobody comes.</param>
    public RoomLifetime(RoomState state, RoomTimer timer, WallClock clock, Instant closeAt) => (_state, _timer, _clock, CloseAt) = (state, timer, clock, closeAt);

    /// <summary>When the room closes if nobody comes.</summary>
    public Instant CloseAt { get; private set; }

    /// <summary>Whether anybody has ever joined.</summary>
    public bool EverJoined { get; private set; }

    /// <summary>For how long nobody has been there; null while somebody is there or nobody has been.</summary>
    public TimeSpan? EmptyFor(Instant now) => now - _emptySince;

    /// <summary>Time that participants have spent here, those who are gone and those who are there, added up.</summary>
    public TimeSpan ParticipantTime(Instant now)
    {
        var total = _served;
        foreach (var participant in _state.Members.Here)
        {
            total += _clock.At(now) - participant.JoinedAt;
        }

        return total;
    }

    /// <summary>Whether the room is to close, because nobody is there.</summary>
    public bool IsOver(Instant now) => CloseAt <= now && _state.Members.NobodyAtNode;

    /// <summary>When a room closes that nobody joins.</summary>
    public static Instant FirstClose(RoomOptions options, Instant now) => options.EndsWhenEmpty ? now + options.EmptyTimeout : Instant.Never;

    /// <summary>Somebody is there, at this part of the room or another of this node.</summary>
    public void Joined()
    {
        CloseAt = Instant.Never;
        EverJoined = true;
        _emptySince = null;
    }

    /// <summary>Somebody is there no more.</summary>
    public void Left(Participant participant, Instant now)
    {
        _served += _clock.At(now) - participant.JoinedAt;
        LeftPart(now);
    }

    /// <summary>Somebody is at another part of the room no more.</summary>
    public void LeftPart(Instant now)
    {
        if (_state.Members.NobodyAtNode && !_state.Ended)
        {
            _emptySince = now;
            CloseAfter(_state.Options.DepartureTimeout, now);
        }
    }

    /// <summary>The timeouts may have changed.</summary>
    public void Reconfigured(Instant now)
    {
        if (_state.Members.NobodyAtNode)
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
