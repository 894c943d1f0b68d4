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

    // What was last taken over of each pod, by fleet. Compared with what is there now, not with what is said to have changed.
    private readonly Dictionary<ObjectKey, Dictionary<string, Taken>> _fleets = [];

    public FleetPicture Picture { get; } = new();

    /// <summary>Rooms that wait for a pod.</summary>
    public IReadOnlyCollection<string> Waiting => _waiting.Keys;

    public BookedRoom? Find(string room) => _rooms.GetValueOrDefault(room);

    /// <summary>Participants expected in each room that waits for a fleet.</summary>
    public IReadOnlyList<int> WaitingFor(ObjectKey fleet) => _waiting.Count == 0 ? [] : [.. _waiting.Values.Where(room => room.Fleet == fleet).Select(room => room.Expected)];

    /// <summary>Takes over pods of a fleet as a round saw them.</summary>
    /// <param name="view">The fleet.</param>
    /// <param name="from">The first pod.</param>
    /// <param name="to">Behind the last. With the last of all, those that were there before and are not any more go.</param>
    /// <param name="now">The time.</param>
    public void Take(FleetView view, int from, int to, DateTimeOffset now)
    {
        if (!_fleets.TryGetValue(view.Key, out var pods))
        {
            _fleets.Add(view.Key, pods = new(StringComparer.Ordinal));
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
                    Picture.Remove(view.Id, name);
                    pods.Remove(name);
                }
            }
        }

        if (pods.Count == 0)
        {
            _fleets.Remove(view.Key);
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
        Picture.Release(room);
        return _rooms.Remove(room, out var booked) ? booked : null;
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
        if (known is not null && known.Generation >= room.Status.Generation)
        {
            return known;
        }

        var read = new BookedRoom(
            name, new ObjectKey(room.Metadata.NamespaceProperty, origin.Cluster).ToString(), origin.Instance, origin.Region ?? string.Empty,
            room.Status.Generation, SinceOf(room), PlacementRequests.ExpectedOf(room.Spec), room.Status.RecentLosses.Count);
        Enter(read, now);
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

    private int? ReportedOf(BookedRoom room)
    {
        if (_fleets.TryGetValue(KeyOf(room.Cluster), out var pods) && pods.TryGetValue(room.Instance, out var taken))
        {
            for (var i = 0; i < taken.Reports.Count; i++)
            {
                if (taken.Reports[i].Room.Value == room.Room)
                {
                    return taken.Reports[i].Participants;
                }
            }
        }

        return null;
    }

    public static ObjectKey KeyOf(string cluster)
    {
        var slash = cluster.IndexOf('/', StringComparison.Ordinal);
        return new ObjectKey(cluster[..slash], cluster[(slash + 1)..]);
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
/// <param name="Cluster">Its fleet, with the namespace.</param>
/// <param name="Instance">Its pod.</param>
/// <param name="Region">The pod's region.</param>
/// <param name="Generation">Number of the placement.</param>
/// <param name="PlacedAt">When it was placed there.</param>
/// <param name="Expected">Participants it was placed for.</param>
/// <param name="Losses">How often its pod died under it lately.</param>
internal sealed record BookedRoom(
    string Room, string Cluster, string Instance, string Region, long Generation, DateTimeOffset PlacedAt, int Expected, int Losses);
