using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Nodes;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>What a room has used on one pod, by the last that its pod said.</summary>
/// <param name="Id">Names the stay: pod, number of the placement, start of the process. Its counts only grow.</param>
/// <param name="Cluster">The pod's fleet.</param>
/// <param name="ParticipantSeconds">Time that participants have spent there.</param>
/// <param name="IngressBytes">Bytes taken from them.</param>
/// <param name="EgressBytes">Bytes sent to them.</param>
/// <param name="Relays">Bytes sent over links, by the fleet they were sent to.</param>
internal readonly record struct SeatCount(string Id, string Cluster, double ParticipantSeconds, long IngressBytes, long EgressBytes, IReadOnlyList<RelayUsage> Relays);

/// <summary>
/// Remembers what pods said that rooms have used, also of pods that are gone since, until it is written and the room is over. Any thread.
/// </summary>
internal sealed class RoomSeats
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, Room> _rooms = [];
    private readonly Dictionary<ObjectKey, Dictionary<string, IReadOnlyList<RoomReport>>> _taken = [];

    private readonly IObjectCache<ConferenceRoom> _objects;

    public RoomSeats(FleetDirectory directory, NodeProber prober, IObjectCache<ConferenceRoom> rooms)
    {
        _objects = rooms;
        directory.Changed += Take;
        prober.Heard += Take;
    }

    /// <summary>What is known of a room: the counts of all its stays, and the most participants at once.</summary>
    public (IReadOnlyList<SeatCount> Seats, int Peak) Of(ObjectKey room)
    {
        lock (_lock)
        {
            return _rooms.TryGetValue(room, out var known) ? ([.. known.Seats.Values], known.Peak) : ([], 0);
        }
    }

    /// <summary>The room is over and written.</summary>
    public void Forget(ObjectKey room)
    {
        lock (_lock)
        {
            _rooms.Remove(room);
        }
    }

    // A pod that has not reported since costs a comparison.
    private void Take(FleetView view)
    {
        lock (_lock)
        {
            if (!_taken.TryGetValue(view.Key, out var taken))
            {
                _taken.Add(view.Key, taken = new(StringComparer.Ordinal));
            }

            foreach (var instance in view.Instances)
            {
                var name = instance.Observation.Name;
                if (!taken.TryGetValue(name, out var before) || !ReferenceEquals(before, instance.Rooms))
                {
                    taken[name] = instance.Rooms;
                    Take_NeedsLock(view.Key, name, instance.Boot, instance.Rooms);
                }
            }

            if (view.Instances.Count == 0)
            {
                _taken.Remove(view.Key);
            }
            else if (taken.Count > (2 * view.Instances.Count) + 16)
            {
                _taken[view.Key] = view.Instances.ToDictionary(instance => instance.Observation.Name, instance => instance.Rooms, StringComparer.Ordinal);
            }
        }
    }

    // While the registry is away, fleets are looked at only when something changes that matters to them.
    private void Take(ObjectKey fleet, Heartbeat heartbeat)
    {
        lock (_lock)
        {
            Take_NeedsLock(fleet, heartbeat.Node.Value, heartbeat.Boot, heartbeat.Rooms);
        }
    }

    private void Take_NeedsLock(ObjectKey fleet, string instance, string boot, IReadOnlyList<RoomReport> reports)
    {
        foreach (var report in reports)
        {
            // One that only says that it was asked to end counts nothing any more.
            if (report.EndRequested || report.Generation == 0)
            {
                continue;
            }

            var key = new ObjectKey(fleet.Namespace, report.Room.Value);
            if (!_rooms.TryGetValue(key, out var room))
            {
                // Its pod may report a room for a moment after its object has gone; nobody would forget it again.
                if (_objects.Find(key) is null)
                {
                    continue;
                }

                _rooms.Add(key, room = new Room());
            }

            var id = SeatUsage.IdOf(instance, report.Generation, boot);
            var seat = room.Seats.GetValueOrDefault(id, new SeatCount(id, fleet.Name, 0, 0, 0, []));
            room.Seats[id] = seat with
            {
                // The older of two reports that overtook each other says less.
                ParticipantSeconds = Math.Max(seat.ParticipantSeconds, double.IsFinite(report.ParticipantSeconds) ? report.ParticipantSeconds : 0),
                IngressBytes = Math.Max(seat.IngressBytes, report.IngressBytes),
                EgressBytes = Math.Max(seat.EgressBytes, report.EgressBytes),
                Relays = report.Relays.Count == 0 ? seat.Relays : RelayUsage.Larger(seat.Relays, Over(fleet, report)),
            };
            room.Peak = Math.Max(room.Peak, report.Participants);
        }
    }

    // Between two pods of a fleet there is no link, and no price.
    private static List<RelayUsage> Over(ObjectKey fleet, RoomReport report) =>
        [.. report.Relays.Where(relay => relay.Cluster is { Length: > 0 and <= 253 } && relay.Cluster != fleet.Name && relay.SentBytes > 0)
            .Select(relay => new RelayUsage { Cluster = relay.Cluster, Bytes = relay.SentBytes })];

    private sealed class Room
    {
        public Dictionary<string, SeatCount> Seats { get; } = new(StringComparer.Ordinal);

        public int Peak { get; set; }
    }
}
