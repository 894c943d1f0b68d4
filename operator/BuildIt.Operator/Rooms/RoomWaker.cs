using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>Asks for the rooms to which news of a fleet matters, and for no others.</summary>
internal sealed class RoomWaker(RoomBook book, RoomFences fences, LostEnds ends, IReconcileTrigger<ConferenceRoom> trigger)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, Dictionary<string, Seen>> _seen = [];

    /// <summary>A fleet's picture was renewed.</summary>
    public void Hear(FleetView view)
    {
        var now = view.Instances.ToDictionary(
            instance => instance.Observation.Name,
            instance => new Seen(
                instance.Liveness,
                instance.Observation.IsDraining,
                view.Held || view.Spec.Paused,
                instance.Rooms.DistinctBy(report => report.Room).ToDictionary(report => report.Room.Value, Brief.Of, StringComparer.Ordinal)),
            StringComparer.Ordinal);
        Dictionary<string, Seen> before;
        lock (_lock)
        {
            before = _seen.GetValueOrDefault(view.Key) ?? [];
            _seen[view.Key] = now;
        }

        var rooms = new HashSet<string>(book.Waiting(view.Key.Namespace), StringComparer.Ordinal);
        foreach (var room in book.On(view.Key))
        {
            var old = before.GetValueOrDefault(room.Instance);
            var seen = now.GetValueOrDefault(room.Instance);
            if (old is null || seen is null
                || (old.Liveness, old.Draining, old.Held) != (seen.Liveness, seen.Draining, seen.Held)
                || old.Rooms.GetValueOrDefault(room.Room) != seen.Rooms.GetValueOrDefault(room.Room))
            {
                rooms.Add(room.Room);
            }
        }

        foreach (var (room, generation) in fences.Take(view))
        {
            rooms.Add(room);
            _ = ends.MendAsync(new ObjectKey(view.Key.Namespace, room), generation);
        }

        foreach (var room in rooms)
        {
            trigger.Enqueue(new ObjectKey(view.Key.Namespace, room));
        }
    }

    /// <summary>A registry has lost the route of a room.</summary>
    public void Lose(ObjectKey room) => trigger.Enqueue(room);

    /// <summary>A node refused the route of a room.</summary>
    public void Refuse(ObjectKey room, RoomRoute believed)
    {
        fences.Refuse(room, believed);
        trigger.Enqueue(room);
    }

    private sealed record Seen(Liveness Liveness, bool Draining, bool Held, IReadOnlyDictionary<string, Brief> Rooms);

    /// <summary>What of a report matters to a room's status.</summary>
    private readonly record struct Brief(long Generation, int Participants, int Publishers, bool Encrypted, bool IsEmpty, bool EverJoined, bool EndRequested)
    {
        public static Brief Of(RoomReport report) => new(
            report.Generation, report.Participants, report.Publishers, report.EndToEndEncrypted, report.EmptySeconds is not null, report.EverJoined, report.EndRequested);
    }
}
