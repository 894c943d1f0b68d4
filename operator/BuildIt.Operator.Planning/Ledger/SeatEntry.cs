namespace BuildIt.Operator.Planning.Ledger;

/// <summary>A room on a pod: one of its seats, and what is held there for it.</summary>
internal sealed class SeatEntry
{
    private int _rooms;
    private int _participants;
    private long _relay;
    private int _index;

    /// <param name="room">The room.</param>
    /// <param name="pod">The pod; the seat is entered there.</param>
    public SeatEntry(RoomEntry room, PodEntry pod)
    {
        Room = room;
        Pod = pod;
        Reported = room.On(pod.Instance) is { } other ? other.Reported : pod.Seat(room.Name);
        _index = pod.Seats.Count;
        pod.Seats.Add(this);
    }

    public RoomEntry Room { get; }

    public PodEntry Pod { get; }

    /// <summary>The fleet that the pod is said to be of.</summary>
    public required string Cluster { get; init; }

    /// <summary>The pod that it hangs on; null at the origin.</summary>
    public string? Parent { get; set; }

    /// <summary>When it was given.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>People it was given for.</summary>
    public required int Expected { get; init; }

    /// <summary>How often pods died under the room lately; 0 at edges.</summary>
    public int Losses { get; init; }

    /// <summary>Media that is relayed to the seat, in bits per second, as long as the pod does not report it with its load.</summary>
    public long Relay { get; init; }

    /// <summary>Places that are held now for people who have not come.</summary>
    public int Held => _participants;

    /// <summary>Participants that the pod reports; null while it does not report the room.</summary>
    public int? Reported { get; set; }

    /// <summary>The seat for whoever asks.</summary>
    public LedgerSeat Shown => new(Cluster, Pod.Instance, Room.Origin == this, Parent, Reported, Held);

    public bool IsReleased => _index < 0;

    /// <summary>From when on nothing is held for people who have not come.</summary>
    public DateTimeOffset EndsAt => Since + RoomLedger.Hold;

    /// <summary>Begins to hold what the pod does not report yet, and to be kept apart from what is as troubled.</summary>
    public void Begin(DateTimeOffset now)
    {
        if (Losses > 0)
        {
            Pod.Trouble(Room.Name, Losses);
        }

        Count(now);
    }

    /// <summary>Holds nothing until it begins again.</summary>
    public void Suspend()
    {
        Pod.Hold(-_rooms, -_participants);
        Pod.HoldRelay(-_relay);
        (_rooms, _participants, _relay) = (0, 0, 0);
        if (Losses > 0)
        {
            Pod.Forget(Room.Name);
        }
    }

    /// <summary>Holds what the pod does not report yet, and no more.</summary>
    public void Count(DateTimeOffset now)
    {
        var rooms = Reported is null ? 1 : 0;
        var participants = now - Since < RoomLedger.Hold ? Math.Max(0, Expected - (Reported ?? 0)) : 0;
        if ((rooms, participants) != (_rooms, _participants))
        {
            Pod.Hold(rooms - _rooms, participants - _participants);
            (_rooms, _participants) = (rooms, participants);
        }

        var relay = Reported is null ? Relay : 0;
        Pod.HoldRelay(relay - _relay);
        _relay = relay;
    }

    /// <summary>The seat is no more, nor among those of its room. What the pod reports of the room stays known, in case that it is given one again.</summary>
    public void Release()
    {
        Suspend();
        var others = Pod.Seats;
        others[^1]._index = _index;
        others[_index] = others[^1];
        others.RemoveAt(others.Count - 1);
        _index = -1;
        if (Pod.IsThere && Reported is { } participants && Room.On(Pod.Instance) is null)
        {
            Pod.ReportUnseated(Room.Name, participants);
        }
    }
}
