using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Ledger;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>
/// Tells the ledger of a namespace what the rounds of its fleets and the objects of its rooms say. What a round brings touches what it changes and
/// nothing else. Not safe for several threads.
/// </summary>
internal sealed class LedgerFeed
{
    // What was last told of each pod, by fleet.
    private readonly Dictionary<string, KnownPods<IReadOnlyList<RoomReport>>> _fleets = new(StringComparer.Ordinal);

    public RoomLedger Ledger { get; } = new();

    /// <summary>Tells of pods of a fleet as a round saw them.</summary>
    /// <param name="view">The fleet.</param>
    /// <param name="from">The first pod.</param>
    /// <param name="to">Behind the last. With the last of all, those that were there before and are not any more go.</param>
    /// <param name="now">The time.</param>
    public void Take(FleetView view, int from, int to, DateTimeOffset now)
    {
        if (!_fleets.TryGetValue(view.Key.Name, out var pods))
        {
            _fleets.Add(view.Key.Name, pods = new());
        }

        for (var i = from; i < to; i++)
        {
            var instance = view.Instances[i];
            var name = instance.Observation.Name;
            Ledger.Set(view.StateOf(instance));
            var before = pods.Exchange(view, name, instance.Rooms, out var told) ? told : [];
            if (!ReferenceEquals(before, instance.Rooms))
            {
                Compare(name, before, instance.Rooms, now);
            }
        }

        if (to == view.Instances.Count)
        {
            foreach (var (name, told) in pods.RemoveGone(view))
            {
                Compare(name, told, [], now);
                Ledger.Remove(view.Key.Name, name);
            }
        }

        if (pods.IsEmpty)
        {
            _fleets.Remove(view.Key.Name);
        }
    }

    /// <summary>Tells what a room's object says, unless the ledger is ahead of it.</summary>
    public void Observe(ConferenceRoom room, DateTimeOffset now)
    {
        var name = room.Metadata.Name;
        if (RoomRoutes.Origin(room.Status) is not { } origin || room.Status!.Phase is RoomPhase.Ended or RoomPhase.Quarantined)
        {
            Ledger.ObserveNone(name, room.Status?.Generation ?? 0);
            return;
        }

        Ledger.WaitNoMore(name);
        var (generation, revision) = (room.Status.Generation, room.Status.Revision ?? 0);
        if (Ledger.Knows(name, generation, revision))
        {
            return;
        }

        Ledger.Observe(
            new PlacedRoom
            {
                Room = name,
                Cluster = origin.Cluster,
                Instance = origin.Instance,
                PlacedAt = SinceOf(room),
                Expected = PlacementRequests.ExpectedOf(room.Spec),
                Generation = generation,
                Revision = revision,
                Losses = room.Status.RecentLosses.Count,
            },
            EdgesOf(room.Status),
            now);
    }

    /// <summary>After a restart the condition tells about when the room was placed.</summary>
    private static DateTimeOffset SinceOf(ConferenceRoom room) =>
        Conditions.Find(room.Status!.Conditions, ConferenceRoomConditions.Ready)?.LastTransitionTime is { } at
            ? new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc))
            : DateTimeOffset.MinValue;

    private static PlacedEdge[] EdgesOf(ConferenceRoomStatus status) => status.Assignments.Count < 2
        ? []
        :
        [
            .. status.Assignments.Where(assignment => assignment.Role is AssignmentRole.Edge).Select(edge => new PlacedEdge
            {
                Cluster = edge.Cluster,
                Instance = edge.Instance,
                Parent = edge.Parent,
                Since = edge.Since is { } since ? new DateTimeOffset(since.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.MinValue,
            }),
        ];

    /// <summary>Tells what a pod reports otherwise than before.</summary>
    private void Compare(string instance, IReadOnlyList<RoomReport> before, IReadOnlyList<RoomReport> after, DateTimeOffset now)
    {
        foreach (var change in new ReportChanges(before, after))
        {
            if (change.Before?.Participants != change.After?.Participants)
            {
                Ledger.Report(instance, change.Room, change.After?.Participants, now);
            }
        }
    }
}
