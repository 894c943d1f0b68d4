using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Scaling;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Where every room is, or that it waits: the one picture that placements are made against. A placement is entered before it
/// is written, so a burst of rooms sees itself and never piles up on one pod. Any thread.
/// </summary>
internal sealed class RoomBook : IRoomLedger
{
    private readonly FleetDirectory _directory;
    private readonly IObjectCache<ConferenceRoom> _rooms;
    private readonly FleetSignal _signal;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Page> _pages = new(StringComparer.Ordinal);

    public RoomBook(FleetDirectory directory, IObjectCache<ConferenceRoom> rooms, FleetSignal signal, TimeProvider time)
    {
        _directory = directory;
        _rooms = rooms;
        _signal = signal;
        _time = time;
        directory.Changed += view =>
        {
            lock (_lock)
            {
                if (_pages.TryGetValue(view.Key.Namespace, out var page))
                {
                    page.Picture = null;
                }
            }
        };
    }

    /// <summary>Finds a pod for a room and holds its places; a room that has to wait makes the fleet grow.</summary>
    public RoomPlacement Place(string ns, RoomRequest request)
    {
        RoomPlacement placement;
        ObjectKey? grow = null;
        lock (_lock)
        {
            var page = PageOf_NeedsLock(ns);
            var now = _time.GetUtcNow();
            page.Picture ??= Draw_NeedsLock(ns, page, now);
            placement = RoomPlacer.Place(page.Picture, request);
            if (placement.IsPlaced)
            {
                Enter_NeedsLock(page, new BookedRoom(
                    request.Room, placement.Cluster!, placement.Instance!, placement.Region!, placement.Generation, now, placement.Expected, request.Losses));
                page.Waiting.Remove(request.Room);
            }
            else
            {
                grow = FleetToGrow_NeedsLock(ns, placement, request);
                var wish = new Wish(grow, placement.Expected);
                if (page.Waiting.TryGetValue(request.Room, out var known) && known == wish)
                {
                    grow = null;
                }

                page.Waiting[request.Room] = wish;
            }
        }

        if (grow is { } fleet)
        {
            _signal.Raise(fleet);
        }

        return placement;
    }

    /// <summary>Takes over what a room's object says, unless the book is ahead of it.</summary>
    /// <returns>When the room was placed where it is; null when it has no pod.</returns>
    public DateTimeOffset? Observe(ConferenceRoom room)
    {
        lock (_lock)
        {
            var page = PageOf_NeedsLock(room.Metadata.NamespaceProperty);
            return Observe_NeedsLock(page, room)?.PlacedAt;
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
            var page = PageOf_NeedsLock(ns);
            if (page.Rooms.TryGetValue(room, out var booked))
            {
                page.Waiting[room] = new Wish(KeyOf(booked.Cluster), booked.Expected);
            }

            Remove_NeedsLock(page, room);
            page.Picture?.Release(room);
        }
    }

    /// <summary>The room is over.</summary>
    public void Forget(ObjectKey room)
    {
        lock (_lock)
        {
            var page = PageOf_NeedsLock(room.Namespace);
            Remove_NeedsLock(page, room.Name);
            page.Waiting.Remove(room.Name);

            // What the pod reports of it goes with its next heartbeat; what was promised goes now.
            page.Picture?.Release(room.Name);
        }
    }

    /// <summary>Rooms that have a pod of the fleet.</summary>
    public IReadOnlyList<BookedRoom> On(ObjectKey cluster)
    {
        lock (_lock)
        {
            var fleet = cluster.ToString();
            return [.. PageOf_NeedsLock(cluster.Namespace).Rooms.Values.Where(room => room.Cluster == fleet)];
        }
    }

    /// <summary>Rooms that wait for a pod.</summary>
    public IReadOnlyList<string> Waiting(string ns)
    {
        lock (_lock)
        {
            return [.. PageOf_NeedsLock(ns).Waiting.Keys];
        }
    }

    public RoomDemand DemandOf(ObjectKey cluster)
    {
        lock (_lock)
        {
            var page = PageOf_NeedsLock(cluster.Namespace);
            page.Picture ??= Draw_NeedsLock(cluster.Namespace, page, _time.GetUtcNow());
            var (rooms, participants) = page.Picture.HeldFor(cluster.ToString());
            return new RoomDemand
            {
                PendingRooms = [.. page.Waiting.Values.Where(wish => wish.Fleet == cluster).Select(wish => wish.Expected)],
                ReservedRooms = Math.Max(0, rooms),
                ReservedParticipants = Math.Max(0, participants),
            };
        }
    }

    public int AssignedTo(string ns, string instance)
    {
        lock (_lock)
        {
            return PageOf_NeedsLock(ns).Counts.GetValueOrDefault(instance);
        }
    }

    private static BookedRoom? Observe_NeedsLock(Page page, ConferenceRoom room)
    {
        var name = room.Metadata.Name;
        var known = page.Rooms.GetValueOrDefault(name);
        if (Origin(room) is not { } origin || room.Status!.Phase is RoomPhase.Ended or RoomPhase.Quarantined)
        {
            if (known is not null && known.Generation <= (room.Status?.Generation ?? 0))
            {
                Remove_NeedsLock(page, name);
                return null;
            }

            return known;
        }

        page.Waiting.Remove(name);
        if (known is not null && known.Generation >= room.Status.Generation)
        {
            return known;
        }

        var read = new BookedRoom(
            name, new ObjectKey(room.Metadata.NamespaceProperty, origin.Cluster).ToString(), origin.Instance, origin.Region ?? string.Empty,
            room.Status.Generation, SinceOf(room), Request.ExpectedOf(room.Spec), room.Status.RecentLosses.Count);
        Enter_NeedsLock(page, read);
        return read;
    }

    /// <summary>After a restart the condition tells about when the room was placed.</summary>
    private static DateTimeOffset SinceOf(ConferenceRoom room) =>
        Conditions.Find(room.Status!.Conditions, ConferenceRoomConditions.Ready)?.LastTransitionTime is { } at
            ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc))
            : DateTimeOffset.MinValue;

    private static void Enter_NeedsLock(Page page, BookedRoom room)
    {
        Remove_NeedsLock(page, room.Room);
        page.Rooms[room.Room] = room;
        page.Counts[room.Instance] = page.Counts.GetValueOrDefault(room.Instance) + 1;
    }

    private static void Remove_NeedsLock(Page page, string room)
    {
        if (page.Rooms.Remove(room, out var old) && --page.Counts[old.Instance] == 0)
        {
            page.Counts.Remove(old.Instance);
        }
    }

    private static ObjectKey KeyOf(string cluster)
    {
        var slash = cluster.IndexOf('/', StringComparison.Ordinal);
        return new ObjectKey(cluster[..slash], cluster[(slash + 1)..]);
    }

    private static RoomAssignment? Origin(ConferenceRoom room) =>
        room.Status?.Assignments.FirstOrDefault(assignment => assignment.Role is AssignmentRole.Origin);

    private Page PageOf_NeedsLock(string ns)
    {
        if (!_pages.TryGetValue(ns, out var page))
        {
            _pages.Add(ns, page = new Page());
            foreach (var room in _rooms.List(ns))
            {
                Observe_NeedsLock(page, room);
            }
        }

        return page;
    }

    private FleetPicture Draw_NeedsLock(string ns, Page page, DateTimeOffset now)
    {
        var fleets = _directory.All.Where(fleet => fleet.Key.Namespace == ns).ToList();
        var reported = new Dictionary<(string Instance, string Room), int>();
        foreach (var instance in fleets.SelectMany(fleet => fleet.Instances))
        {
            foreach (var report in instance.Rooms)
            {
                reported[(instance.Observation.Name, report.Room.Value)] = report.Participants;
            }
        }

        return new FleetPicture(
            [.. fleets.SelectMany(fleet => fleet.Pods())],
            [
                .. page.Rooms.Values.Select(room => new PlacedRoom
                {
                    Room = room.Room,
                    Instance = room.Instance,
                    PlacedAt = room.PlacedAt,
                    Expected = room.Expected,
                    Losses = room.Losses,
                    Reported = reported.TryGetValue((room.Instance, room.Room), out var participants) ? participants : null,
                }),
            ],
            now);
    }

    // One fleet grows for a room, not every fleet that might have it.
    private ObjectKey? FleetToGrow_NeedsLock(string ns, RoomPlacement placement, RoomRequest request) => _directory.All
        .Where(fleet => fleet.Key.Namespace == ns && fleet.Cluster.Spec.Region == placement.GrowRegion
            && request.Clusters?.Contains(fleet.Key.ToString()) != false)
        .OrderBy(fleet => fleet.Instances.Count >= fleet.Spec.Max)
        .ThenBy(fleet => fleet.Key.Name, StringComparer.Ordinal)
        .Select(fleet => (ObjectKey?)fleet.Key)
        .FirstOrDefault();

    private sealed class Page
    {
        public Dictionary<string, BookedRoom> Rooms { get; } = new(StringComparer.Ordinal);

        public Dictionary<string, Wish> Waiting { get; } = new(StringComparer.Ordinal);

        /// <summary>Rooms by instance.</summary>
        public Dictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

        /// <summary>Null when something was heard that it does not show.</summary>
        public FleetPicture? Picture { get; set; }
    }

    private sealed record Wish(ObjectKey? Fleet, int Expected);
}

/// <summary>A room that has a pod.</summary>
/// <param name="Room">Its name.</param>
/// <param name="Cluster">Its fleet, with the namespace.</param>
/// <param name="Instance">Its pod.</param>
/// <param name="Region">The pod's region.</param>
/// <param name="Generation">Number of the placement.</param>
/// <param name="PlacedAt">When it was placed there.</param>
/// <param name="Expected">Participants it was placed for.</param>
/// <param name="Losses">How often its pod died under it lately.</param>
internal sealed record BookedRoom(
    string Room, string Cluster, string Instance, string Region, long Generation, DateTimeOffset PlacedAt, int Expected, int Losses);
