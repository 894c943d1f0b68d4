namespace BuildIt.Operator.Planning.Placement;

/// <summary>A room on a pod, and what is held there for it.</summary>
internal sealed class RoomHold
{
    private readonly DateTimeOffset _placedAt;
    private readonly int _expected;
    private readonly bool _troubled;
    private int _rooms;
    private int _participants;
    private long _relay;
    private int _index;

    public RoomHold(string room, PodSlot slot, DateTimeOffset placedAt, int expected, int losses)
    {
        Room = room;
        Slot = slot;
        _placedAt = placedAt;
        _expected = expected;
        _index = slot.Rooms.Count;
        slot.Rooms.Add(this);
        if (losses > 0)
        {
            _troubled = true;
            slot.Trouble(room, losses);
        }
    }

    public string Room { get; }

    public PodSlot Slot { get; }

    /// <summary>Media that is relayed to the seat, in bits per second, as long as the pod does not report it with its load.</summary>
    public long Relay { get; init; }

    /// <summary>Places that are held now for people who have not come.</summary>
    public int Held => _participants;

    /// <summary>People it was placed for.</summary>
    public int Expected => _expected;

    /// <summary>Participants that the pod reports; null while it does not report the room.</summary>
    public int? Reported { get; set; }

    public bool IsReleased => _index < 0;

    /// <summary>From when on nothing is held for people who have not come.</summary>
    public DateTimeOffset EndsAt => _placedAt + PlacementPolicy.Hold;

    /// <summary>Holds what the pod does not report yet, and no more.</summary>
    public void Count(DateTimeOffset now)
    {
        var rooms = Reported is null ? 1 : 0;
        var participants = now - _placedAt < PlacementPolicy.Hold ? Math.Max(0, _expected - (Reported ?? 0)) : 0;
        if ((rooms, participants) != (_rooms, _participants))
        {
            Slot.Hold(rooms - _rooms, participants - _participants);
            (_rooms, _participants) = (rooms, participants);
        }

        var relay = Reported is null ? Relay : 0;
        Slot.HoldRelay(relay - _relay);
        _relay = relay;
    }

    /// <summary>Holds nothing any more.</summary>
    public void Release()
    {
        Slot.Hold(-_rooms, -_participants);
        Slot.HoldRelay(-_relay);
        if (_troubled)
        {
            Slot.Forget(Room);
        }

        var others = Slot.Rooms;
        others[^1]._index = _index;
        others[_index] = others[^1];
        others.RemoveAt(others.Count - 1);
        _index = -1;
    }
}
