using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// The ledger of every namespace, told of each round of its fleets. A placement is entered there before it is written. Any thread.
/// </summary>
internal sealed class RoomLedgers : IRoomBurden
{
    /// <summary>Pods told of at once. Whoever places a room waits for no more of them.</summary>
    private const int Portion = 256;

    private readonly FleetDirectory _directory;
    private readonly IObjectCache<ConferenceRoom> _rooms;
    private readonly FleetSignal _signal;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LedgerFeed> _feeds = new(StringComparer.Ordinal);

    public RoomLedgers(FleetDirectory directory, IObjectCache<ConferenceRoom> rooms, FleetSignal signal, TimeProvider time)
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
            var ledger = LedgerNow_NeedsLock(ns, out var now);
            placement = RoomPlacer.Place(ledger, request, now);

            // Whoever may go to one pod only stays where it is; no fleet grows for it.
            if (!placement.IsPlaced && request.Only is null)
            {
                var wanted = FleetToGrow(ns, placement, request);
                grow = ledger.Wait(request.Room, wanted?.Name, placement.Expected) ? wanted : null;
            }
        }

        Raise(grow);
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
        bool isNews;
        lock (_lock)
        {
            var ledger = LedgerNow_NeedsLock(ns, out var now);
            var unseated = room.Spec.ExpectedParticipants is null ? 0 : ledger.UnseatedOf(request.Room, PlacementRequests.ExpectedOf(room.Spec), now);
            decision = TopologyPlanner.Plan(ledger, links, request with { Unseated = unseated }, now);
            isNews = ledger.Want(request.Room, decision.GrowCluster, RoomRequest.UsualParticipants);
            if (decision is { IsChanged: true, NeedsOrigin: false, IsOriginChanged: false })
            {
                ledger.SetEdges(request.Room, EdgesOf(decision.Seats, request.Media, now), now);
            }
        }

        Raise(isNews ? new ObjectKey(ns, decision.GrowCluster!) : null);
        return decision;
    }

    /// <summary>A room has another origin, which was one of its edges.</summary>
    public void Promote(string ns, string room, long generation, IReadOnlyList<PlannedSeat> seats)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var origin = new PlacedRoom { Room = room, Cluster = seats[0].Cluster, Instance = seats[0].Instance, PlacedAt = now, Expected = 0, Generation = generation };
            LedgerOf_NeedsLock(ns, now).Promote(origin, EdgesOf(seats, 0, now), now);
        }
    }

    /// <summary>Takes over what a room's object says, unless the ledger is ahead of it.</summary>
    /// <returns>When the room was placed where it is; null when it has no pod.</returns>
    public DateTimeOffset? Observe(ConferenceRoom room)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            var feed = FeedOf_NeedsLock(room.Metadata.NamespaceProperty, now);
            feed.Observe(room, now);
            return feed.Ledger.Find(room.Metadata.Name)?.PlacedAt;
        }
    }

    /// <summary>A placement could not be written, or the room has no pod any more: its places are free again, and it waits.</summary>
    public void Release(string ns, string room)
    {
        lock (_lock)
        {
            LedgerOf_NeedsLock(ns, _time.GetUtcNow()).Await(room);
        }
    }

    /// <summary>The room is over.</summary>
    public void Forget(ObjectKey room)
    {
        lock (_lock)
        {
            LedgerOf_NeedsLock(room.Namespace, _time.GetUtcNow()).Forget(room.Name);
        }
    }

    /// <summary>Whether a room is on a pod.</summary>
    public bool IsOn(string ns, string room, string instance)
    {
        lock (_lock)
        {
            return LedgerOf_NeedsLock(ns, _time.GetUtcNow()).IsOn(room, instance);
        }
    }

    /// <summary>Rooms that are on a pod.</summary>
    public IReadOnlyList<string> On(string ns, string instance)
    {
        lock (_lock)
        {
            var rooms = new List<string>();
            LedgerOf_NeedsLock(ns, _time.GetUtcNow()).RoomsOn(instance, rooms);
            return rooms;
        }
    }

    /// <summary>Rooms of a fleet whose pod is in no fleet.</summary>
    public IReadOnlyList<string> StrandedOf(FleetView fleet)
    {
        lock (_lock)
        {
            var ledger = LedgerOf_NeedsLock(fleet.Key.Namespace, _time.GetUtcNow());
            return [.. ledger.Stranded().Where(room => ledger.Find(room)?.Cluster == fleet.Key.Name)];
        }
    }

    /// <summary>Rooms that wait for a pod.</summary>
    public IReadOnlyList<string> Waiting(string ns)
    {
        lock (_lock)
        {
            return [.. LedgerOf_NeedsLock(ns, _time.GetUtcNow()).Waiting];
        }
    }

    /// <summary>Where a room could go, and what speaks against each pod. Changes nothing.</summary>
    public IReadOnlyList<PlacementOption> Options(string ns, RoomRequest request, int most)
    {
        lock (_lock)
        {
            var ledger = LedgerNow_NeedsLock(ns, out _);
            return PlacementSurvey.Of(ledger, request, ledger.Find(request.Room)?.Instance, most);
        }
    }

    public RoomDemand DemandOf(ObjectKey cluster)
    {
        lock (_lock)
        {
            var ledger = LedgerNow_NeedsLock(cluster.Namespace, out _);
            var (rooms, participants) = ledger.HeldFor(cluster.Name);
            return new RoomDemand
            {
                PendingRooms = ledger.WaitingFor(cluster.Name),
                ReservedRooms = rooms,
                ReservedParticipants = participants,
            };
        }
    }

    public int AssignedTo(string ns, string instance)
    {
        lock (_lock)
        {
            return LedgerOf_NeedsLock(ns, _time.GetUtcNow()).CountOn(instance);
        }
    }

    private static PlacedEdge[] EdgesOf(IReadOnlyList<PlannedSeat> seats, long relay, DateTimeOffset now) =>
        [.. seats.Skip(1).Select(seat => new PlacedEdge { Cluster = seat.Cluster, Instance = seat.Instance, Parent = seat.Parent, Since = now, Expected = seat.Expected, Relay = relay })];

    /// <summary>A fleet's round has seen something, or nothing new.</summary>
    private void Take(FleetView view)
    {
        var from = 0;
        do
        {
            var to = Math.Min(from + Portion, view.Instances.Count);
            lock (_lock)
            {
                // Whoever asks first for a namespace is told all there is.
                if (!_feeds.TryGetValue(view.Key.Namespace, out var feed))
                {
                    return;
                }

                feed.Take(view, from, to, _time.GetUtcNow());
            }

            from = to;
        }
        while (from < view.Instances.Count);
    }

    private LedgerFeed FeedOf_NeedsLock(string ns, DateTimeOffset now)
    {
        if (!_feeds.TryGetValue(ns, out var feed))
        {
            _feeds.Add(ns, feed = new LedgerFeed());
            foreach (var room in _rooms.List(ns))
            {
                feed.Observe(room, now);
            }

            foreach (var fleet in _directory.All)
            {
                if (fleet.Key.Namespace == ns)
                {
                    feed.Take(fleet, 0, fleet.Instances.Count, now);
                }
            }
        }

        return feed;
    }

    private RoomLedger LedgerOf_NeedsLock(string ns, DateTimeOffset now) => FeedOf_NeedsLock(ns, now).Ledger;

    /// <summary>The ledger with nothing held in it for longer than it is to be.</summary>
    private RoomLedger LedgerNow_NeedsLock(string ns, out DateTimeOffset now)
    {
        now = _time.GetUtcNow();
        var ledger = LedgerOf_NeedsLock(ns, now);
        ledger.Advance(now);
        return ledger;
    }

    private void Raise(ObjectKey? fleet)
    {
        if (fleet is { } known)
        {
            _signal.Raise(known);
        }
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
