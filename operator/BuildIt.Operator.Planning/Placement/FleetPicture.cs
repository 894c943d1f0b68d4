namespace BuildIt.Operator.Planning.Placement;

/// <summary>
/// All pods of all fleets with what they report and what was promised on them. Each placement is entered at once, so a burst
/// of rooms sees itself. It is kept, not drawn: what changes touches its own pod and room and nothing else. One thread at a time.
/// </summary>
public sealed class FleetPicture
{
    private readonly List<PodSlot> _slots = [];
    private readonly Dictionary<string, List<PodSlot>> _byRegion = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FleetHolds> _fleets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RoomHold> _rooms = new(StringComparer.Ordinal);

    // Further seats of rooms that have several, by room and pod. Few rooms have any.
    private readonly Dictionary<string, Dictionary<string, RoomHold>> _edges = new(StringComparer.Ordinal);

    // Those that are in no fleet are here as long as a room is said to be on them.
    private readonly Dictionary<string, PodSlot> _byInstance = new(StringComparer.Ordinal);
    private readonly HashSet<PodSlot> _absent = [];

    // What has been released stays until its time; it is at most what was placed within that.
    private readonly PriorityQueue<RoomHold, DateTimeOffset> _ending = new();

    /// <summary>A picture with nothing in it.</summary>
    public FleetPicture()
    {
    }

    /// <summary>A picture of what there is.</summary>
    /// <param name="pods">Every pod, whatever its state.</param>
    /// <param name="rooms">Every room that has a pod. What is promised for it and not reported yet is held.</param>
    /// <param name="now">The time.</param>
    public FleetPicture(IReadOnlyList<PodState> pods, IReadOnlyList<PlacedRoom> rooms, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pods);
        ArgumentNullException.ThrowIfNull(rooms);
        foreach (var pod in pods)
        {
            Set(pod);
        }

        foreach (var room in rooms)
        {
            Set(room, now);
        }
    }

    internal IReadOnlyList<PodSlot> Slots => _slots;

    internal IReadOnlyList<PodSlot> InRegion(string region) =>
        _byRegion.TryGetValue(region, out var slots) ? slots : [];

    /// <summary>A pod is there, and this is how it is. One that is so already costs a comparison.</summary>
    public void Set(in PodState pod)
    {
        var slot = SlotOf(pod.Instance);
        if (slot.IsThere && slot.Pod == pod)
        {
            return;
        }

        if (slot.Fleet is not null && slot.Pod.Cluster == pod.Cluster && slot.Pod.Region == pod.Region)
        {
            slot.Pod = pod;
            return;
        }

        Leave(slot);
        _absent.Remove(slot);
        slot.Pod = pod;
        slot.Fleet = FleetOf(pod.Cluster);
        slot.Fleet.Add(slot.HeldRooms, slot.HeldParticipants);
        _slots.Add(slot);
        if (!_byRegion.TryGetValue(pod.Region, out var region))
        {
            _byRegion.Add(pod.Region, region = []);
        }

        region.Add(slot);
    }

    /// <summary>A pod is not in a fleet any more. Rooms that are said to be on it stay so.</summary>
    public void Remove(string cluster, string instance)
    {
        if (_byInstance.TryGetValue(instance, out var slot) && slot.IsThere && slot.Pod.Cluster == cluster)
        {
            Leave(slot);
            Absent(slot);
        }
    }

    /// <summary>A room has a pod; it has no other any more.</summary>
    public void Set(in PlacedRoom room, DateTimeOffset now)
    {
        Release(room.Room);
        var hold = Enter(room.Room, SlotOf(room.Instance), room.PlacedAt, room.Expected, room.Losses);
        hold.Reported = room.Reported;
        Begin(hold, now);
    }

    /// <summary>A room has a further seat on a pod, beside the one where its origin is; or has it still, and this is how it is.</summary>
    public void SetEdge(in PlacedRoom room, DateTimeOffset now)
    {
        if (!_edges.TryGetValue(room.Room, out var edges))
        {
            _edges.Add(room.Room, edges = new(StringComparer.Ordinal));
        }

        if (edges.Remove(room.Instance, out var known))
        {
            Drop(known);
        }

        var hold = new RoomHold(room.Room, SlotOf(room.Instance), room.PlacedAt, room.Expected, room.Losses) { Reported = room.Reported, Relay = room.Relay };
        edges.Add(room.Instance, hold);
        Begin(hold, now);
    }

    /// <summary>A room has no further seat on a pod any more.</summary>
    public void RemoveEdge(string room, string instance)
    {
        if (_edges.TryGetValue(room, out var edges) && edges.Remove(instance, out var hold))
        {
            if (edges.Count == 0)
            {
                _edges.Remove(room);
            }

            Drop(hold);
        }
    }

    /// <summary>The pods on which a room has further seats.</summary>
    public IReadOnlyCollection<string> EdgesOf(string room) => _edges.TryGetValue(room, out var edges) ? edges.Keys : [];

    /// <summary>The people that a room was given places for, on all its pods.</summary>
    public int HeldPlaces(string room)
    {
        var places = _rooms.TryGetValue(room, out var hold) ? hold.Expected : 0;
        if (_edges.TryGetValue(room, out var edges))
        {
            foreach (var edge in edges.Values)
            {
                places += edge.Expected;
            }
        }

        return places;
    }

    /// <summary>What a pod says of a room. What it says of a room that is not on it changes nothing.</summary>
    /// <param name="instance">The pod.</param>
    /// <param name="room">The room.</param>
    /// <param name="participants">How many are there; null when the pod does not have the room.</param>
    /// <param name="now">The time.</param>
    public void Report(string instance, string room, int? participants, DateTimeOffset now)
    {
        if (HoldOf(room, instance) is { } hold)
        {
            hold.Reported = participants;
            hold.Count(now);
        }
    }

    /// <summary>Gives up what is held for people who were expected long enough ago. Before anything is asked.</summary>
    public void Advance(DateTimeOffset now)
    {
        while (_ending.TryPeek(out var hold, out var end) && end <= now)
        {
            _ending.Dequeue();
            if (!hold.IsReleased)
            {
                hold.Count(now);
            }
        }
    }

    /// <summary>The highest load fraction of a pod with what is held on it; null when there is no such pod.</summary>
    public double? LoadOf(string instance) => _byInstance.TryGetValue(instance, out var slot) && slot.IsThere ? slot.Fraction(0, 0) : null;

    /// <summary>
    /// How full a pod is for people of a room: without the places that are held there for that room, which are theirs to take, and without
    /// the number of rooms, which keeps nobody from joining one. Null when there is no such pod.
    /// </summary>
    public double? PeopleLoadOf(string instance, string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return _byInstance.TryGetValue(instance, out var slot) && slot.IsThere ? slot.PeopleFraction(HoldOf(room, instance)?.Held ?? 0) : null;
    }

    /// <summary>Rooms and participants held on the pods of a fleet beyond what these report.</summary>
    public (int Rooms, int Participants) HeldFor(string cluster) =>
        _fleets.TryGetValue(cluster, out var fleet) ? (fleet.Rooms, fleet.Participants) : (0, 0);

    /// <summary>Seats of rooms on a pod, whether it reports them or not.</summary>
    public int CountOn(string instance) => _byInstance.TryGetValue(instance, out var slot) ? slot.Rooms.Count : 0;

    /// <summary>Adds the names of the rooms on a pod to a list.</summary>
    public void RoomsOn(string instance, ICollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (_byInstance.TryGetValue(instance, out var slot))
        {
            foreach (var hold in slot.Rooms)
            {
                names.Add(hold.Room);
            }
        }
    }

    /// <summary>Rooms whose pod is in no fleet.</summary>
    public IEnumerable<string> Stranded() => _absent.SelectMany(slot => slot.Rooms).Select(hold => hold.Room);

    /// <summary>Gives up what is held for a room: it has ended, or its placement could not be written.</summary>
    public void Release(string room)
    {
        if (_rooms.Remove(room, out var hold))
        {
            Drop(hold);
        }
    }

    /// <summary>Gives up what is held for a room and its further seats.</summary>
    public void ReleaseAll(string room)
    {
        Release(room);
        if (_edges.Remove(room, out var edges))
        {
            foreach (var hold in edges.Values)
            {
                Drop(hold);
            }
        }
    }

    internal PodSlot? Find(string instance) => _byInstance.TryGetValue(instance, out var slot) && slot.IsThere ? slot : null;

    /// <summary>Holds places until somebody says since when.</summary>
    internal void Promise(string room, PodSlot slot, int expected, int losses)
    {
        Release(room);
        Enter(room, slot, DateTimeOffset.MaxValue, expected, losses).Count(DateTimeOffset.MinValue);
    }

    private RoomHold? HoldOf(string room, string instance)
    {
        if (_rooms.TryGetValue(room, out var hold) && hold.Slot.Instance == instance)
        {
            return hold;
        }

        return _edges.Count > 0 && _edges.TryGetValue(room, out var edges) && edges.TryGetValue(instance, out hold) ? hold : null;
    }

    private void Begin(RoomHold hold, DateTimeOffset now)
    {
        if (!hold.Slot.IsThere)
        {
            _absent.Add(hold.Slot);
        }

        hold.Count(now);
        if (now < hold.EndsAt)
        {
            _ending.Enqueue(hold, hold.EndsAt);
        }
    }

    private void Drop(RoomHold hold)
    {
        var slot = hold.Slot;
        hold.Release();
        if (!slot.IsThere && slot.Rooms.Count == 0)
        {
            _absent.Remove(slot);
            _byInstance.Remove(slot.Instance);
        }
    }

    private RoomHold Enter(string room, PodSlot slot, DateTimeOffset placedAt, int expected, int losses)
    {
        var hold = new RoomHold(room, slot, placedAt, expected, losses);
        _rooms.Add(room, hold);
        if (!slot.IsThere)
        {
            _absent.Add(slot);
        }

        return hold;
    }

    private PodSlot SlotOf(string instance)
    {
        if (!_byInstance.TryGetValue(instance, out var slot))
        {
            _byInstance.Add(instance, slot = new PodSlot(instance));
        }

        return slot;
    }

    private FleetHolds FleetOf(string cluster)
    {
        if (!_fleets.TryGetValue(cluster, out var fleet))
        {
            _fleets.Add(cluster, fleet = new FleetHolds());
        }

        fleet.Pods++;
        return fleet;
    }

    private void Leave(PodSlot slot)
    {
        if (slot.Fleet is not { } fleet)
        {
            return;
        }

        fleet.Add(-slot.HeldRooms, -slot.HeldParticipants);
        if (--fleet.Pods == 0)
        {
            _fleets.Remove(slot.Pod.Cluster);
        }

        slot.Fleet = null;
        _slots.Remove(slot);
        _byRegion[slot.Pod.Region].Remove(slot);
    }

    private void Absent(PodSlot slot)
    {
        if (slot.Rooms.Count > 0)
        {
            _absent.Add(slot);
        }
        else
        {
            _byInstance.Remove(slot.Instance);
        }
    }
}
