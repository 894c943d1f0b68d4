using System.Collections.Concurrent;
using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>A room with what its pods say of it.</summary>
/// <param name="Observation">In the planner's terms.</param>
/// <param name="Report">What its pods say together of this very placement; null when they are silent or do not have it.</param>
/// <param name="Seats">Its pods, the origin first.</param>
internal sealed record ObservedRoom(RoomObservation Observation, RoomReport? Report, IReadOnlyList<ObservedSeat> Seats);

/// <summary>The fleets of a namespace as far as they are known.</summary>
/// <param name="Known">Those that have been planned.</param>
/// <param name="Unplanned">Names of those that have not: of what they have, nothing can be concluded.</param>
/// <param name="Waiting">One of these may be planned any moment, so that a room that could go anywhere had better wait for it.</param>
internal sealed record FleetsInView(IReadOnlyList<FleetView> Known, IReadOnlySet<string> Unplanned, bool Waiting);

/// <summary>Looks at a room from all sides.</summary>
internal sealed class RoomObserver(FleetDirectory directory, IObjectCache<SfuCluster> clusters, TimeProvider time)
{
    /// <summary>What comes over the network is held to what a time span takes; no room is empty for a year.</summary>
    private const double MostSeconds = 366 * 86_400.0;

    /// <summary>After a start of the operator every fleet is planned within seconds. One that is not must not keep the rooms of others waiting.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly HashSet<string> NoFleets = [];

    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset> _unplannedSince = new();

    /// <summary>The fleets of a namespace.</summary>
    public FleetsInView Fleets(string ns)
    {
        var now = time.GetUtcNow();
        var known = new List<FleetView>();
        var unplanned = new HashSet<string>(StringComparer.Ordinal);
        var waiting = false;
        foreach (var key in clusters.List(ns).Select(ObjectKey.Of))
        {
            if (directory.Find(key) is { } view)
            {
                _unplannedSince.TryRemove(key, out _);
                known.Add(view);
                continue;
            }

            unplanned.Add(key.Name);
            waiting |= now - _unplannedSince.GetOrAdd(key, now) < Patience;
        }

        return new FleetsInView(known, unplanned, waiting);
    }

    public static ObservedRoom Observe(ConferenceRoom room, IReadOnlyList<FleetView> fleets, DateTimeOffset? placedAt, IReadOnlySet<string>? unplanned = null)
    {
        var status = room.Status ?? new ConferenceRoomStatus();
        var origin = RoomRoutes.Origin(status);
        var fleet = origin is null ? null : fleets.FirstOrDefault(view => view.Key.Name == origin.Cluster);
        var owner = fleet?.Find(origin!.Instance);
        var seats = origin is null ? [] : ObservedSeats.Of(room, fleets, unplanned ?? NoFleets);
        var report = ObservedSeats.Sum(seats);
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
                MoveTo = MoveTo(room),
                PlacedAt = placedAt,
                Losses = [.. status.RecentLosses.Select(loss => Utc(loss)!.Value)],
                QuarantinedUntil = Utc(status.QuarantinedUntil),
                ReleasedAt = ReleasedAt(room),
                OwnerLiveness = owner?.Liveness,
                OwnerMigrates = owner is { Observation.IsDraining: true } && fleet!.Cluster.Spec.Drain.Mode is Api.DrainMode.Migrate,
                OwnerHeld = fleet is { } view && (view.Held || view.Spec.Paused),
                Occupancy = report is null ? null : OccupancyOf(report, owner!.HeardAt),
            },
            report,
            seats);
    }

    // By our own clock: the node's may be wrong by hours.
    private static RoomOccupancy OccupancyOf(RoomReport report, DateTimeOffset? heardAt) => new(
        report.Participants,
        report.EverJoined,
        report.EmptySeconds is >= 0 and < MostSeconds ? heardAt - TimeSpan.FromSeconds(report.EmptySeconds.Value) : null);

    // What cannot be read as a time releases nothing; the condition says how it is done.
    private static DateTimeOffset? ReleasedAt(ConferenceRoom room) =>
        room.Metadata.Annotations is { } annotations && annotations.TryGetValue(SfuApi.ReleasedAt, out var text)
        && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    private static string? MoveTo(ConferenceRoom room) =>
        room.Metadata.Annotations is { } annotations && annotations.TryGetValue(SfuApi.MoveTo, out var pod) && pod.Length > 0 ? pod : null;

    private static DateTimeOffset? Utc(DateTime? time) => time is { } at ? new DateTimeOffset(at.ToUniversalTime(), TimeSpan.Zero) : null;
}
