using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Where every room is, or that it waits: the one picture that placements are made against. A placement is entered before it
/// is written, so a burst of rooms sees itself and never piles up on one pod. Any thread.
/// </summary>
internal sealed class RoomBook : IRoomLedger
{
    /// <summary>Pods taken over at once. Whoever places a room waits for no more of them.</summary>
    private const int Portion = 256;

    private readonly FleetDirectory _directory;
    private readonly IObjectCache<ConferenceRoom> _rooms;
    private readonly FleetSignal _signal;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, NamespaceBook> _namespaces = new(StringComparer.Ordinal);

    public RoomBook(FleetDirectory directory, IObjectCache<ConferenceRoom> rooms, FleetSignal signal, TimeProvider time)
    {
        _directory = directory;
        _rooms = rooms;
        _signal = signal;
        _time = time;
        directory.Changed += Take;
    }

    /// <summary>Finds a pod for a room and holds its places; a room that has to wait makes the fleet grow.</summary>
    public RoomPlacement Place(string ns, RoomRequest request)
    {
        RoomPlacement placement;
        ObjectKey? grow = null;
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var book = BookOf_NeedsLock(ns, now);
            book.Picture.Advance(now);
            placement = RoomPlacer.Place(book.Picture, request);
            if (placement.IsPlaced)
            {
                book.Enter(
                    new BookedRoom(
                        request.Room, placement.Cluster!, placement.Instance!, placement.Region!, placement.Generation, now, placement.Expected, request.Losses),
                    now);
            }
            else
            {
                book.Restore(request.Room, now);

                // Whoever may go to one pod only stays where it is; no fleet grows for it.
                if (request.Only is null)
                {
                    var wanted = FleetToGrow(ns, placement, request);
                    grow = book.Wait(request.Room, wanted, placement.Expected) ? wanted : null;
                }
            }
        }

        if (grow is { } fleet)
        {
            _signal.Raise(fleet);
        }

        return placement;
    }

    /// <summary>
    /// Plans the seats of a room that has an origin, and enters those it is to have beside it, so that the next room sees them. A room that
    /// wants a pod where there is none makes the fleet grow.
    /// </summary>
    public TopologyDecision Plan(ConferenceRoom room, CascadeRequest request, LinkMap links)
    {
        var ns = room.Metadata.NamespaceProperty;
        TopologyDecision decision;
        ObjectKey? grow = null;
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var book = BookOf_NeedsLock(ns, now);
            book.Picture.Advance(now);
            decision = TopologyPlanner.Plan(book.Picture, links, request with { Unseated = Unseated(book, room, now) }, now);
            var wanted = decision.GrowCluster is { } cluster ? new ObjectKey(ns, cluster) : (ObjectKey?)null;
            grow = book.Want(request.Room, wanted, RoomRequest.UsualParticipants) ? wanted : null;
            if (decision is { IsChanged: true, NeedsOrigin: false, IsOriginChanged: false })
            {
                EnterEdges(book, request.Room, decision.Seats, request.Media, now);
            }
        }

        if (grow is { } fleet)
        {
            _signal.Raise(fleet);
        }

        return decision;
    }

    /// <summary>A room has another origin, which was one of its edges.</summary>
    public void Promote(string ns, string room, long generation, IReadOnlyList<PlannedSeat> seats)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var book = BookOf_NeedsLock(ns, now);
            var known = book.Find(room);
            book.Picture.RemoveEdge(room, seats[0].Instance);
            book.Enter(
                new BookedRoom(room, seats[0].Cluster, seats[0].Instance, seats[0].Region, generation, now, known?.Expected ?? 0, known?.Losses ?? 0), now);
            EnterEdges(book, room, seats, 0, now);
        }
    }

    /// <summary>Takes over what a room's object says, unless the book is ahead of it.</summary>
    /// <returns>When the room was placed where it is; null when it has no pod.</returns>
    public DateTimeOffset? Observe(ConferenceRoom room)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            return BookOf_NeedsLock(room.Metadata.NamespaceProperty, now).Observe(room, now)?.PlacedAt;
        }
    }

    /// <summary>
    /// A placement could not be written, or the room has no pod any more: its places are free again. It counts as waiting from
    /// then on, or its fleet would shrink between two attempts to place it.
    /// </summary>
    public void Release(string ns, string room)
    {
        lock (_lock)
        {
            var book = BookOf_NeedsLock(ns, _time.GetUtcNow());
            if (book.Remove(room) is { } booked)
            {
                book.Wait(room, new ObjectKey(ns, booked.Cluster), booked.Expected);
            }
        }
    }

    /// <summary>The room is over.</summary>
    public void Forget(ObjectKey room)
    {
        lock (_lock)
        {
            var book = BookOf_NeedsLock(room.Namespace, _time.GetUtcNow());

            // What the pod reports of it goes with its next heartbeat; what was promised goes now.
            book.Remove(room.Name);
            book.WaitNoMore(room.Name);
        }
    }

    /// <summary>Whether a room is on a pod.</summary>
    public bool IsOn(string ns, string room, string instance)
    {
        lock (_lock)
        {
            var book = BookOf_NeedsLock(ns, _time.GetUtcNow());
            return book.Find(room)?.Instance == instance || book.Picture.EdgesOf(room).Contains(instance);
        }
    }

    /// <summary>Rooms that are on a pod.</summary>
    public IReadOnlyList<string> On(string ns, string instance)
    {
        lock (_lock)
        {
            var rooms = new List<string>();
            BookOf_NeedsLock(ns, _time.GetUtcNow()).Picture.RoomsOn(instance, rooms);
            return rooms;
        }
    }

    /// <summary>Rooms of a fleet whose pod is in no fleet.</summary>
    public IReadOnlyList<string> StrandedOf(FleetView fleet)
    {
        lock (_lock)
        {
            var book = BookOf_NeedsLock(fleet.Key.Namespace, _time.GetUtcNow());
            return [.. book.Picture.Stranded().Where(room => book.Find(room)?.Cluster == fleet.Key.Name)];
        }
    }

    /// <summary>Rooms that wait for a pod.</summary>
    public IReadOnlyList<string> Waiting(string ns)
    {
        lock (_lock)
        {
            return [.. BookOf_NeedsLock(ns, _time.GetUtcNow()).Waiting];
        }
    }

    /// <summary>Where a room could go, and what speaks against each pod. Changes nothing.</summary>
    public IReadOnlyList<PlacementOption> Options(string ns, RoomRequest request, int most)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var book = BookOf_NeedsLock(ns, now);
            book.Picture.Advance(now);
            return PlacementSurvey.Of(book.Picture, request, book.Find(request.Room)?.Instance, most);
        }
    }

    public RoomDemand DemandOf(ObjectKey cluster)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var book = BookOf_NeedsLock(cluster.Namespace, now);
            book.Picture.Advance(now);
            var (rooms, participants) = book.Picture.HeldFor(cluster.Name);
            return new RoomDemand
            {
                PendingRooms = book.WaitingFor(cluster),
                ReservedRooms = rooms,
                ReservedParticipants = participants,
            };
        }
    }

    public int AssignedTo(string ns, string instance)
    {
        lock (_lock)
        {
            return BookOf_NeedsLock(ns, _time.GetUtcNow()).Picture.CountOn(instance);
        }
    }

    /// <summary>A fleet's round has seen something, or nothing new.</summary>
    private void Take(FleetView view)
    {
        var from = 0;
        do
        {
            var to = Math.Min(from + Portion, view.Instances.Count);
            lock (_lock)
            {
                // Whoever asks first for a namespace takes over all there is.
                if (!_namespaces.TryGetValue(view.Key.Namespace, out var book))
                {
                    return;
                }

                book.Take(view, from, to, _time.GetUtcNow());
            }

            from = to;
        }
        while (from < view.Instances.Count);
    }

    private NamespaceBook BookOf_NeedsLock(string ns, DateTimeOffset now)
    {
        if (!_namespaces.TryGetValue(ns, out var book))
        {
            _namespaces.Add(ns, book = new NamespaceBook());
            foreach (var room in _rooms.List(ns))
            {
                book.Observe(room, now);
            }

            foreach (var fleet in _directory.All)
            {
                if (fleet.Key.Namespace == ns)
                {
                    book.Take(fleet, 0, fleet.Instances.Count, now);
                }
            }
        }

        return book;
    }

    private static void EnterEdges(NamespaceBook book, string room, IReadOnlyList<PlannedSeat> seats, long relay, DateTimeOffset now) =>
        book.SetEdges(room, [.. seats.Skip(1).Select(seat => new BookedEdge(seat.Cluster, seat.Instance, now, seat.Expected) { Relay = relay })], now);

    // Those who are expected and for whom its pods hold no places; after a while, only those count who are there.
    private static int Unseated(NamespaceBook book, ConferenceRoom room, DateTimeOffset now)
    {
        if (room.Spec.ExpectedParticipants is null || book.Find(room.Metadata.Name) is not { } booked || now - booked.PlacedAt >= PlacementPolicy.Hold)
        {
            return 0;
        }

        return Math.Max(0, PlacementRequests.ExpectedOf(room.Spec) - book.Picture.HeldPlaces(room.Metadata.Name));
    }

    // One fleet grows for a room, not every fleet that might have it.
    private ObjectKey? FleetToGrow(string ns, RoomPlacement placement, RoomRequest request) => _directory.All
        .Where(fleet => fleet.Key.Namespace == ns && fleet.Cluster.Spec.Region == placement.GrowRegion
            && request.Clusters?.Contains(fleet.Key.Name) != false)
        .OrderBy(fleet => fleet.Instances.Count >= fleet.Spec.Max)
        .ThenBy(fleet => fleet.Key.Name, StringComparer.Ordinal)
        .Select(fleet => (ObjectKey?)fleet.Key)
        .FirstOrDefault();
}
