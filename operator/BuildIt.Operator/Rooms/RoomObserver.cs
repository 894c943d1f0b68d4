using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>A room with what its pod says of it.</summary>
/// <param name="Observation">In the planner's terms.</param>
/// <param name="Report">What the pod says of this very placement; null when it is silent or does not have it.</param>
internal sealed record ObservedRoom(RoomObservation Observation, RoomReport? Report);

/// <summary>Looks at a room from all sides.</summary>
internal sealed class RoomObserver(FleetDirectory directory, IObjectCache<SfuCluster> clusters)
{
    /// <summary>The fleets of a namespace, once each has been planned; null while one has not, and then nothing can be concluded.</summary>
    public IReadOnlyList<FleetView>? Fleets(string ns)
    {
        var views = new List<FleetView>();
        foreach (var cluster in clusters.List(ns))
        {
            if (directory.Find(ObjectKey.Of(cluster)) is not { } view)
            {
                return null;
            }

            views.Add(view);
        }

        return views;
    }

    public static ObservedRoom Observe(ConferenceRoom room, IReadOnlyList<FleetView> fleets, DateTimeOffset? placedAt)
    {
        var status = room.Status ?? new ConferenceRoomStatus();
        var origin = RouteOf.Origin(status);
        var fleet = origin is null ? null : fleets.FirstOrDefault(view => view.Key.Name == origin.Cluster);
        var owner = fleet?.Instances.FirstOrDefault(instance => instance.Observation.Name == origin!.Instance);
        var report = owner is { Liveness: Liveness.Alive }
            ? owner.Rooms.FirstOrDefault(r => r.Room.Value == room.Metadata.Name && r.Generation == status.Generation)
            : null;
        return new ObservedRoom(
            new RoomObservation
            {
                Room = room.Metadata.Name,
                CreatedAt = Utc(room.Metadata.CreationTimestamp) ?? DateTimeOffset.MinValue,
                ExpiresAt = Utc(room.Spec.ExpiresAt),
                EmptyTimeout = room.Spec.EmptyTimeout.Or(TimeSpan.FromSeconds(300)),
                DepartureTimeout = room.Spec.DepartureTimeout.Or(TimeSpan.FromSeconds(20)),
                TtlAfterEnded = RoomStatusBuilder.TtlOf(room.Spec),
                EndedAt = Utc(status.EndedAt),
                Phase = Enum.Parse<Planning.Rooms.RoomPhase>(status.Phase.ToString()),
                Deleting = room.Metadata.DeletionTimestamp is not null,
                EndRequested = report is { EndRequested: true },
                Instance = origin?.Instance,
                PlacedAt = placedAt,
                OwnerLiveness = owner?.Liveness,
                OwnerMigrates = owner is { Observation.IsDraining: true } && fleet!.Cluster.Spec.Drain.Mode is Api.DrainMode.Migrate,
                OwnerHeld = fleet is { } view && (view.Held || view.Spec.Paused),
                Occupancy = report is null ? null : new RoomOccupancy(report.Participants, report.FirstJoinedAt is not null, report.EmptySince),
            },
            report);
    }

    private static DateTimeOffset? Utc(DateTime? time) => time is { } at ? new DateTimeOffset(at.ToUniversalTime(), TimeSpan.Zero) : null;
}
