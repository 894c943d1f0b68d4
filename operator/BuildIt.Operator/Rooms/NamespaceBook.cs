using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// The rooms of one namespace and the pods they may be on. What a round of a fleet brings touches what it changes and nothing
/// else. Not safe for several threads.
/// </summary>
internal sealed class NamespaceBook
{
    private readonly Dictionary<string, BookedRoom> _rooms = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WaitingRoom> _waiting = new(StringComparer.Ordinal);

    // Rooms that have a pod and want another, for which there is none.
    private readonly Dictionary<string, WaitingRoom> _wanting = new(StringComparer.Ordinal);

    // What was last taken over of each pod, by fleet. Compared with what is there now, not with what is said to have changed.
    private readonly Dictionary<string, Dictionary<string, Taken>> _fleets = new(StringComparer.Ordinal);

    public FleetPicture Picture { get; } = new();

    /// <summary>Rooms that wait for a pod, their first or a further one.</summary>
    public IEnumerable<string> Waiting => _wanting.Count == 0 ? _waiting.Keys : _waiting.Keys.Concat(_wanting.Keys);

    public BookedRoom? Find(string room) => _rooms.GetValueOrDefault(room);

    /// <summary>Participants expected in each room that waits for a fleet.</summary>
    public IReadOnlyList<int> WaitingFor(ObjectKey fleet) => _waiting.Count + _wanting.Count == 0
        ? []
        : [.. _waiting.Values.Concat(_wanting.Values).Where(room => room.Fleet == fleet).Select(room => room.Expected)];

    /// <summary>Takes over pods of a fleet as a round saw them.</summary>
    /// <param name="view">The fleet.</param>
    /// <param name="from">The first pod.</param>
    /// <param name="to">Behind the last. With the last of all, those that were there before and are not any more go.</param>
    /// <param name="now">The time.</param>
    public void Take(FleetView view, int from, int to, DateTimeOffset now)
    {
        if (!_fleets.TryGetValue(view.Key.Name, out var pods))
        {
            _fleets.Add(view.Key.Name, pods = new(StringComparer.Ordinal));
        }

        for (var i = from; i < to; i++)
        {
            var instance = view.Instances[i];
            var name = instance.Observation.Name;
            Picture.Set(view.StateOf(instance));
            var before = pods.TryGetValue(name, out var taken) ? taken.Reports : [];
            if (!ReferenceEquals(before, instance.Rooms))
            {
                Compare(name, before, instance.Rooms, now);
            }

            pods[name] = new Taken(instance.Rooms, view);
        }

        if (to == view.Instances.Count && pods.Count > view.Instances.Count)
        {
            foreach (var (name, taken) in pods)
            {
                if (!ReferenceEquals(taken.View, view))
                {
                    Compare(name, taken.Reports, [], now);
                    Picture.Remove(view.Key.Name, name);
                    pods.Remove(name);
                }
            }
        }

        if (pods.Count == 0)
        {
            _fleets.Remove(view.Key.Name);
        }
    }

    /// <summary>A room has a pod.</summary>
    public void Enter(BookedRoom room, DateTimeOffset now)
    {
        _rooms[room.Room] = room;
        _waiting.Remove(room.Room);
        Hold(room, now);
    }

    /// <summary>What the picture gave up for a room that stays where it is.</summary>
    public void Restore(string room, DateTimeOffset now)
    {
        if (_rooms.TryGetValue(room, out var booked))
        {
            Hold(booked, now);
        }
    }

    /// <summary>A room has no pod any more.</summary>
    /// <returns>Where it was; null when it had none.</returns>
    public BookedRoom? Remove(string room)
    {
        Picture.ReleaseAll(room);
        _wanting.Remove(room);
        return _rooms.Remove(room, out var booked) ? booked : null;
    }

    /// <summary>A room has these further seats and no others.</summary>
    public void SetEdges(string room, IReadOnlyList<BookedEdge> edges, DateTimeOffset now)
    {
        if (edges.Count == 0 && Picture.EdgesOf(room).Count == 0)
        {
            return;
        }

        foreach (var instance in Picture.EdgesOf(room).Where(instance => edges.All(edge => edge.Instance != instance)).ToList())
        {
            Picture.RemoveEdge(room, instance);
        }

        var known = Picture.EdgesOf(room);
        foreach (var edge in edges)
        {
            if (!known.Contains(edge.Instance))
            {
                Picture.SetEdge(
                    new PlacedRoom { Room = room, Instance = edge.Instance, PlacedAt = edge.Since, Expected = edge.Expected, Relay = edge.Relay, Reported = ReportedOn(edge.Cluster, edge.Instance, room) },
                    now);
            }
        }
    }

    /// <summary>A room wants a further pod of a fleet; of none when that is null.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Want(string room, ObjectKey? fleet, int expected)
    {
        if (fleet is null)
        {
            _wanting.Remove(room);
            return false;
        }

        var wanted = new WaitingRoom(fleet, expected);
        var isNews = _wanting.GetValueOrDefault(room) != wanted;
        _wanting[room] = wanted;
        return isNews;
    }

    /// <summary>A room waits for a pod.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Wait(string room, ObjectKey? fleet, int expected)
    {
        var waiting = new WaitingRoom(fleet, expected);
        if (_waiting.TryGetValue(room, out var known) && known == waiting)
        {
            return false;
        }

        _waiting[room] = waiting;
        return true;
    }

    /// <summary>A room does not wait any more.</summary>
    public void WaitNoMore(string room) => _waiting.Remove(room);

    /// <summary>Takes over what a room's object says, unless the page is ahead of it.</summary>
    public BookedRoom? Observe(ConferenceRoom room, DateTimeOffset now)
    {
        var name = room.Metadata.Name;
        var known = Find(name);
        if (RoomRoutes.Origin(room.Status) is not { } origin || room.Status!.Phase is RoomPhase.Ended or RoomPhase.Quarantined)
        {
            if (known is not null && known.Generation <= (room.Status?.Generation ?? 0))
            {
                Remove(name);
                return null;
            }

            return known;
        }

        _waiting.Remove(name);
        var revision = room.Status.Revision ?? 0;
        if (known is not null && (known.Generation, known.Revision).CompareTo((room.Status.Generation, revision)) >= 0)
        {
            return known;
        }

        var read = new BookedRoom(
            name, origin.Cluster, origin.Instance, origin.Region ?? string.Empty,
            room.Status.Generation, known?.Instance == origin.Instance ? known.PlacedAt : SinceOf(room),
            known?.Instance == origin.Instance ? known.Expected : PlacementRequests.ExpectedOf(room.Spec), room.Status.RecentLosses.Count)
        {
            Revision = revision,
        };
        Enter(read, now);
        SetEdges(name, EdgesOf(room), now);
        return read;
    }

    /// <summary>After a restart the condition tells about when the room was placed.</summary>
    private static DateTimeOffset SinceOf(ConferenceRoom room) =>
        Conditions.Find(room.Status!.Conditions, ConferenceRoomConditions.Ready)?.LastTransitionTime is { } at
            ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc))
            : DateTimeOffset.MinValue;

    private void Hold(BookedRoom room, DateTimeOffset now) => Picture.Set(
        new PlacedRoom
        {
            Room = room.Room,
            Instance = room.Instance,
            PlacedAt = room.PlacedAt,
            Expected = room.Expected,
            Losses = room.Losses,
            Reported = ReportedOf(room),
        },
        now);

    private static BookedEdge[] EdgesOf(ConferenceRoom room) => room.Status!.Assignments.Count < 2
        ? []
        :
        [
            .. room.Status.Assignments.Where(assignment => assignment.Role is AssignmentRole.Edge).Select(edge => new BookedEdge(
                edge.Cluster,
                edge.Instance,
                edge.Since is { } since ? new DateTimeOffset(since.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.MinValue,
                0)),
        ];

    private int? ReportedOf(BookedRoom room) => ReportedOn(room.Cluster, room.Instance, room.Room);

    private int? ReportedOn(string fleet, string instance, string room)
    {
        if (_fleets.TryGetValue(fleet, out var pods) && pods.TryGetValue(instance, out var taken))
        {
            for (var i = 0; i < taken.Reports.Count; i++)
            {
                if (taken.Reports[i].Room.Value == room)
                {
                    return taken.Reports[i].Participants;
                }
            }
        }

        return null;
    }

    /// <summary>Tells the picture what a pod reports otherwise than before.</summary>
    private void Compare(string instance, IReadOnlyList<RoomReport> before, IReadOnlyList<RoomReport> after, DateTimeOffset now)
    {
        foreach (var change in new ReportChanges(before, after))
        {
            if (change.Before?.Participants != change.After?.Participants)
            {
                Picture.Report(instance, change.Room, change.After?.Participants, now);
            }
        }
    }

    private readonly record struct Taken(IReadOnlyList<RoomReport> Reports, FleetView View);

    private sealed record WaitingRoom(ObjectKey? Fleet, int Expected);
}

/// <summary>A room that has a pod.</summary>
/// <param name="Room">Its name.</param>
/// <param name="Cluster">Its fleet.</param>
/// <param name="Instance">Its pod.</param>
/// <param name="Region">The pod's region.</param>
/// <param name="Generation">Number of the placement.</param>
/// <param name="PlacedAt">When it was placed there.</param>
/// <param name="Expected">Participants it was placed for.</param>
/// <param name="Losses">How often its pod died under it lately.</param>
internal sealed record BookedRoom(
    string Room, string Cluster, string Instance, string Region, long Generation, DateTimeOffset PlacedAt, int Expected, int Losses)
{
    /// <summary>Number of the arrangement of its seats within the generation.</summary>
    public long Revision { get; init; }
}

/// <summary>A further seat of a room.</summary>
/// <param name="Cluster">The pod's fleet.</param>
/// <param name="Instance">The pod.</param>
/// <param name="Since">When the seat was given.</param>
/// <param name="Expected">People that places are held for.</param>
internal sealed record BookedEdge(string Cluster, string Instance, DateTimeOffset Since, int Expected)
{
    /// <summary>Media that will be relayed to it, in bits per second; 0 when it is there already.</summary>
    public long Relay { get; init; }
}
