namespace BuildIt.Operator.Planning.Ledger;

/// <summary>
/// Where every room of a namespace is or that it waits, what each pod carries, and what was promised on it and not seen yet: what rooms are
/// placed and spread with. A seat is entered when it is decided, so a burst of rooms sees itself and never piles up on one pod. It is kept, not
/// drawn: what changes touches its own pod and room and nothing else. One thread at a time.
/// </summary>
public sealed class RoomLedger
{
    /// <summary>
    /// How long places are held for participants who were expected and have not come. After that the room counts with those
    /// who are there.
    /// </summary>
    public static readonly TimeSpan Hold = TimeSpan.FromMinutes(2);

    private readonly PodEntries _pods = new();
    private readonly Dictionary<string, RoomEntry> _rooms = new(StringComparer.Ordinal);
    private readonly WaitingRooms _waiting = new();

    // What has been released stays until its time; it is at most what was placed within that.
    private readonly PriorityQueue<SeatEntry, DateTimeOffset> _ending = new();

    /// <summary>A ledger with nothing in it.</summary>
    public RoomLedger()
    {
    }

    /// <summary>A ledger of what there is.</summary>
    /// <param name="pods">Every pod, whatever its state.</param>
    /// <param name="rooms">Every room that has a pod. What is promised for it is held as long as the pod has not reported it.</param>
    /// <param name="now">The time.</param>
    public RoomLedger(IReadOnlyList<PodState> pods, IReadOnlyList<PlacedRoom> rooms, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(pods);
        ArgumentNullException.ThrowIfNull(rooms);
        foreach (var pod in pods)
        {
            Set(pod);
        }

        foreach (var room in rooms)
        {
            Enter(room, now);
        }
    }

    /// <summary>Rooms that wait for a pod, their first or a further one.</summary>
    public IEnumerable<string> Waiting => _waiting.Names;

    internal IReadOnlyList<PodEntry> Pods => _pods.All;

    internal IReadOnlyList<PodEntry> InRegion(string region) => _pods.InRegion(region);

    internal PodEntry? FindPod(string instance) => _pods.Find(instance);

    /// <summary>A pod is there, and this is how it is. One that is so already costs a comparison.</summary>
    public void Set(in PodState pod) => _pods.Set(pod);

    /// <summary>A pod is not in a fleet any more. Rooms that are said to be on it stay so.</summary>
    public void Remove(string cluster, string instance) => _pods.Remove(cluster, instance);

    /// <summary>What a pod says of a room. What it says of a room that is not on it counts once the room is.</summary>
    /// <param name="instance">The pod.</param>
    /// <param name="room">The room.</param>
    /// <param name="participants">How many are there; null when the pod does not have the room.</param>
    /// <param name="now">The time.</param>
    public void Report(string instance, string room, int? participants, DateTimeOffset now)
    {
        if (!_rooms.TryGetValue(room, out var entry) || entry.On(instance) is not { } seat)
        {
            _pods.Find(instance)?.ReportUnseated(room, participants);
            return;
        }

        seat.Reported = participants;
        seat.Count(now);
        if (entry.EdgeOn(instance) is { } edge && edge != seat)
        {
            edge.Reported = participants;
            edge.Count(now);
        }
    }

    /// <summary>Gives up what is held for people who were expected long enough ago. Before anything is asked.</summary>
    public void Advance(DateTimeOffset now)
    {
        while (_ending.TryPeek(out var seat, out var end) && end <= now)
        {
            _ending.Dequeue();
            if (!seat.IsReleased)
            {
                seat.Count(now);
            }
        }
    }

    /// <summary>A room has a pod; it has no other any more, and does not wait. Its further seats stay.</summary>
    public void Enter(in PlacedRoom room, DateTimeOffset now)
    {
        _waiting.Remove(room.Room);
        var entry = EntryOf(room.Room);
        ReleaseOrigin(entry);
        (entry.Generation, entry.Revision) = (room.Generation, room.Revision);
        entry.Origin = Added(
            new SeatEntry(entry, _pods.Get(room.Instance)) { Cluster = room.Cluster, Since = room.PlacedAt, Expected = room.Expected, Losses = room.Losses }, now);
    }

    /// <summary>Whether the ledger knows this arrangement of a room, or one that is newer.</summary>
    public bool Knows(string room, long generation, long revision) =>
        Placed(room) is { } entry && (entry.Generation, entry.Revision).CompareTo((generation, revision)) >= 0;

    /// <summary>
    /// Takes over where a room is by its object, with its further seats. Where that is the pod it was on, it is since then that it has been there,
    /// and for as many people.
    /// </summary>
    public void Observe(in PlacedRoom room, IReadOnlyList<PlacedEdge> edges, DateTimeOffset now)
    {
        var known = Placed(room.Room)?.Origin;
        Enter(known?.Pod.Instance == room.Instance ? room with { PlacedAt = known.Since, Expected = known.Expected } : room, now);
        SetEdges(room.Room, edges, now);
    }

    /// <summary>By its object a room has no pod, unless the ledger is ahead of that.</summary>
    public void ObserveNone(string room, long generation)
    {
        if (Placed(room) is { } entry && entry.Generation <= generation)
        {
            Leave(room);
        }
    }

    /// <summary>A room has another origin, on the pod of one of its edges.</summary>
    /// <param name="origin">Where it is now. For how many people and after how many losses is as before.</param>
    /// <param name="edges">Its other seats.</param>
    /// <param name="now">The time.</param>
    public void Promote(in PlacedRoom origin, IReadOnlyList<PlacedEdge> edges, DateTimeOffset now)
    {
        var known = Placed(origin.Room)?.Origin;
        RemoveEdge(origin.Room, origin.Instance);
        Enter(origin with { Expected = known?.Expected ?? 0, Losses = known?.Losses ?? 0 }, now);
        SetEdges(origin.Room, edges, now);
    }

    /// <summary>A room has these further seats and no others. One that it has already stays as it is but for its parent.</summary>
    public void SetEdges(string room, IReadOnlyList<PlacedEdge> edges, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(edges);
        if (_rooms.TryGetValue(room, out var entry) && entry.Edges is { } before)
        {
            foreach (var gone in before.FindAll(seat => edges.All(edge => edge.Instance != seat.Pod.Instance)))
            {
                ReleaseEdge(entry, gone);
            }
        }

        foreach (var edge in edges)
        {
            if (entry?.EdgeOn(edge.Instance) is { } known)
            {
                known.Parent = edge.Parent;
            }
            else
            {
                SetEdge(room, edge, now);
                entry ??= _rooms[room];
            }
        }

        Settle(entry);
    }

    /// <summary>A room has a further seat on a pod, beside the one where its origin is; or has it still, and this is how it is.</summary>
    public void SetEdge(string room, in PlacedEdge edge, DateTimeOffset now)
    {
        var entry = EntryOf(room);
        if (entry.EdgeOn(edge.Instance) is { } known)
        {
            ReleaseEdge(entry, known);
        }

        var seat = new SeatEntry(entry, _pods.Get(edge.Instance))
        {
            Cluster = edge.Cluster,
            Parent = edge.Parent,
            Since = edge.Since,
            Expected = edge.Expected,
            Relay = edge.Relay,
        };
        (entry.Edges ??= []).Add(Added(seat, now));
    }

    /// <summary>A room has no further seat on a pod any more.</summary>
    public void RemoveEdge(string room, string instance)
    {
        if (_rooms.TryGetValue(room, out var entry) && entry.EdgeOn(instance) is { } edge)
        {
            ReleaseEdge(entry, edge);
            Settle(entry);
        }
    }

    /// <summary>A room has no pod any more: it has not been placed where it was to be, or is to be placed anew. What is held for it is free.</summary>
    /// <returns>Where it was; null when it had none.</returns>
    public PlacedRoom? Leave(string room)
    {
        _waiting.RemoveFurther(room);
        if (!_rooms.TryGetValue(room, out var entry))
        {
            return null;
        }

        var before = Find(room);
        ReleaseOrigin(entry);
        while (entry.Edges is { } edges)
        {
            ReleaseEdge(entry, edges[^1]);
        }

        Settle(entry);
        return before;
    }

    /// <summary>
    /// A room has no pod any more, and waits for one from now on: its fleet would shrink between two attempts to place it otherwise.
    /// </summary>
    public void Await(string room)
    {
        if (Leave(room) is { } before)
        {
            Wait(room, before.Cluster, before.Expected);
        }
    }

    /// <summary>The room is over. What a pod reports of it goes with the pod's next heartbeat; what was promised goes now.</summary>
    public void Forget(string room)
    {
        Leave(room);
        _waiting.Remove(room);
    }

    /// <summary>A room waits for a pod, of a fleet or, where that is null, of any that may come.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Wait(string room, string? cluster, int expected) => _waiting.Add(room, cluster, expected);

    /// <summary>A room does not wait for its first pod any more.</summary>
    public void WaitNoMore(string room) => _waiting.Remove(room);

    /// <summary>A room wants a further pod of a fleet; of none when that is null.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Want(string room, string? cluster, int expected)
    {
        if (cluster is not null)
        {
            return _waiting.AddFurther(room, cluster, expected);
        }

        _waiting.RemoveFurther(room);
        return false;
    }

    /// <summary>Where a room is; null when it has no pod.</summary>
    public PlacedRoom? Find(string room) => Placed(room)?.Place;

    /// <summary>The seats of a room, the origin first.</summary>
    public IReadOnlyList<LedgerSeat> SeatsOf(string room)
    {
        var seats = new List<LedgerSeat>();
        if (_rooms.TryGetValue(room, out var entry))
        {
            seats.AddRange(entry.Origin is { } origin ? [origin.Shown] : []);
            seats.AddRange((entry.Edges ?? []).Select(edge => edge.Shown));
        }

        return seats;
    }

    /// <summary>Whether a room has a seat on a pod.</summary>
    public bool IsOn(string room, string instance) => _rooms.TryGetValue(room, out var entry) && entry.On(instance) is not null;

    /// <summary>Of so many people who are expected in a room, those for whom its pods hold no places. After a while, only those count who are there.</summary>
    public int UnseatedOf(string room, int expected, DateTimeOffset now) =>
        Placed(room) is { Origin: { } origin } entry && now - origin.Since < Hold
            ? Math.Max(0, expected - origin.Expected - (entry.Edges?.Sum(edge => edge.Expected) ?? 0))
            : 0;

    /// <summary>The highest load fraction of a pod with what is held on it; null when there is no such pod.</summary>
    public double? LoadOf(string instance) => _pods.Find(instance)?.Fraction(0, 0);

    /// <summary>
    /// How full a pod is for people of a room: without the places that are held there for that room, which are theirs to take, and without
    /// the number of rooms, which keeps nobody from joining one. Null when there is no such pod.
    /// </summary>
    public double? PeopleLoadOf(string instance, string room)
    {
        ArgumentNullException.ThrowIfNull(room);
        return _pods.Find(instance)?.PeopleFraction(_rooms.TryGetValue(room, out var entry) ? entry.On(instance)?.Held ?? 0 : 0);
    }

    /// <summary>Rooms and participants held on the pods of a fleet beyond what these report.</summary>
    public (int Rooms, int Participants) HeldFor(string cluster) => _pods.FindFleet(cluster) is { } fleet ? (fleet.Rooms, fleet.Participants) : (0, 0);

    /// <summary>Participants expected in each room that waits for a fleet.</summary>
    public IReadOnlyList<int> WaitingFor(string cluster) => _waiting.For(cluster);

    /// <summary>Seats of rooms on a pod, whether it reports them or not.</summary>
    public int CountOn(string instance) => _pods.FindAny(instance)?.Seats.Count ?? 0;

    /// <summary>Adds the names of the rooms on a pod to a list.</summary>
    public void RoomsOn(string instance, ICollection<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (_pods.FindAny(instance) is { } pod)
        {
            foreach (var seat in pod.Seats)
            {
                names.Add(seat.Room.Name);
            }
        }
    }

    /// <summary>Rooms with a seat on a pod that is in no fleet.</summary>
    public IEnumerable<string> Stranded() => _pods.Absent.SelectMany(pod => pod.Seats).Select(seat => seat.Room.Name);

    /// <summary>Has nothing held for a room on its pod for as long as another is looked for; null when it has none.</summary>
    internal SeatEntry? Suspend(string room)
    {
        var origin = Placed(room)?.Origin;
        origin?.Suspend();
        return origin;
    }

    private RoomEntry? Placed(string room) => _rooms.TryGetValue(room, out var entry) && entry.Origin is not null ? entry : null;

    private RoomEntry EntryOf(string room)
    {
        if (!_rooms.TryGetValue(room, out var entry))
        {
            _rooms.Add(room, entry = new RoomEntry(room));
        }

        return entry;
    }

    private SeatEntry Added(SeatEntry seat, DateTimeOffset now)
    {
        _pods.Settle(seat.Pod);
        seat.Begin(now);
        if (now < seat.EndsAt)
        {
            _ending.Enqueue(seat, seat.EndsAt);
        }

        return seat;
    }

    private void ReleaseOrigin(RoomEntry entry)
    {
        if (entry.Origin is { } origin)
        {
            entry.Origin = null;
            Release(origin);
        }
    }

    private void ReleaseEdge(RoomEntry entry, SeatEntry edge)
    {
        entry.Edges!.Remove(edge);
        entry.Edges = entry.Edges.Count == 0 ? null : entry.Edges;
        Release(edge);
    }

    private void Release(SeatEntry seat)
    {
        seat.Release();
        _pods.Settle(seat.Pod);
    }

    private void Settle(RoomEntry? entry)
    {
        if (entry is { IsEmpty: true })
        {
            _rooms.Remove(entry.Name);
        }
    }
}
