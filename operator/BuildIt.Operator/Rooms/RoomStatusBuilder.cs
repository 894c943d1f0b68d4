using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Units;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Operator.Runtime.Reconciliation;
using BuildIt.Sfu.Contracts;
using RoomPhase = BuildIt.Operator.Api.RoomPhase;

namespace BuildIt.Operator.Rooms;

/// <summary>Statuses of rooms. Pure.</summary>
internal static class RoomStatusBuilder
{
    private const string NoFurtherPod = "NoFurtherPod";

    /// <summary>The room has a pod.</summary>
    public static ConferenceRoomStatus Placed(ConferenceRoom room, RoomPlacement placement, string endpoint, RoomPhase phase, bool failedOver, DateTimeOffset now)
    {
        var old = Of(room);
        var status = old with
        {
            Phase = phase,
            Generation = placement.Generation,
            Revision = null,
            Assignments =
            [
                new RoomAssignment
                {
                    Cluster = placement.Cluster!,
                    Instance = placement.Instance!,
                    Region = placement.Region,
                    Role = AssignmentRole.Origin,
                    Endpoint = endpoint,
                },
            ],
            Failovers = old.Failovers + (failedOver ? 1 : 0),
            LastFailover = failedOver ? Seconds(now) : old.LastFailover,
        };
        return phase switch
        {
            RoomPhase.Recovering => Ready(room, status, false, RoomEvents.Recovering, $"{placement.Reason}; it has not taken the room yet", now),
            RoomPhase.Migrating => Ready(room, status, true, RoomEvents.Migrating, placement.Reason, now),
            _ => Ready(room, status, true, RoomEvents.Placed, placement.Reason, now),
        };
    }

    /// <summary>The room has these seats.</summary>
    /// <param name="room">The room.</param>
    /// <param name="old">Its status before.</param>
    /// <param name="plan">Its seats.</param>
    /// <param name="endpoints">Where a pod is reached, by its name.</param>
    /// <param name="now">The time.</param>
    public static ConferenceRoomStatus Arranged(
        ConferenceRoom room, ConferenceRoomStatus old, TopologyDecision plan, Func<PlannedSeat, NodeEndpoints?> endpoints, DateTimeOffset now)
    {
        var isSingle = plan.Seats.Count == 1;
        var assignments = new List<RoomAssignment>(plan.Seats.Count);
        foreach (var seat in plan.Seats)
        {
            var known = old.Assignments.FirstOrDefault(assignment => assignment.Instance == seat.Instance);
            var at = endpoints(seat);
            assignments.Add(new RoomAssignment
            {
                Cluster = seat.Cluster,
                Instance = seat.Instance,
                Region = seat.Region,
                Role = seat.Parent is null ? AssignmentRole.Origin : AssignmentRole.Edge,
                Parent = seat.Parent,
                Endpoint = at?.Signal ?? known?.Endpoint,
                Relay = isSingle ? null : at?.Relay ?? known?.Relay,
                RelayOutside = isSingle ? null : at?.RelayOutside ?? known?.RelayOutside,
                RelayFingerprint = isSingle ? null : at?.RelayFingerprint ?? known?.RelayFingerprint,
                MaxLinkBandwidth = seat.MaxLinkBitsPerSecond > 0 ? Bandwidth.FromBitsPerSecond(seat.MaxLinkBitsPerSecond) : (Bandwidth?)null,
                Closed = seat.IsClosed ? true : null,
                Participants = isSingle ? null : known?.Participants ?? 0,
                Since = known is null ? Seconds(now) : known.Since,
            });
        }

        var status = old with
        {
            ObservedGeneration = room.Metadata.Generation ?? 0,
            Revision = isSingle && old.Revision is null ? null : (old.Revision ?? 0) + 1,
            Assignments = assignments,
        };
        return Cascade(room, status, plan.Refusal, null, now);
    }

    /// <summary>Another seat is the origin.</summary>
    public static ConferenceRoomStatus Promoted(
        ConferenceRoom room, TopologyDecision plan, Func<PlannedSeat, NodeEndpoints?> endpoints, string reason, bool isLost, DateTimeOffset now)
    {
        var old = Of(room);
        var status = old with
        {
            Phase = isLost ? RoomPhase.Recovering : RoomPhase.Migrating,
            Generation = old.Generation + 1,
            Failovers = old.Failovers + (isLost ? 1 : 0),
            LastFailover = isLost ? Seconds(now) : old.LastFailover,
        };
        status = Ready(room, status, !isLost, isLost ? RoomEvents.Recovering : RoomEvents.Migrating, reason, now);
        return Arranged(room, status, plan, endpoints, now);
    }

    /// <summary>With what its pods say of themselves, and why it has no more of them; both only where it has several, or wants them.</summary>
    public static ConferenceRoomStatus WithSeats(
        ConferenceRoom room, ConferenceRoomStatus status, IReadOnlyList<ObservedSeat> seats, string? refusal, DateTimeOffset now)
    {
        if (seats.Count < 2)
        {
            var said = Conditions.Find(status.Conditions, ConferenceRoomConditions.Cascaded)?.Reason;
            return refusal is null && said is not NoFurtherPod ? status : Cascade(room, status, refusal, null, now);
        }

        var cutOff = seats.FirstOrDefault(seat => seat.Report?.ParentConnected is false)?.Assignment.Instance;
        status = status with
        {
            Assignments =
            [
                .. status.Assignments.Select(assignment => seats.FirstOrDefault(seat => seat.Assignment.Instance == assignment.Instance) is { Report: { } report }
                    ? assignment with { Participants = Math.Max(0, report.Participants) }
                    : assignment),
            ],
        };
        return Cascade(room, status, refusal, cutOff, now);
    }

    /// <summary>The room has no pod and waits for one.</summary>
    public static ConferenceRoomStatus Waiting(ConferenceRoom room, RoomPhase phase, string reason, string message, DateTimeOffset now) =>
        Ready(room, Of(room) with { Phase = phase, Assignments = [], Participants = 0, Publishers = 0 }, false, reason, message, now);

    /// <summary>The room goes on where it is.</summary>
    public static ConferenceRoomStatus Kept(ConferenceRoom room, RoomPhase phase, RoomReport? report, string reason, bool heard, DateTimeOffset now)
    {
        var status = Of(room) with { Phase = phase };
        if (report is not null)
        {
            status = status with { Participants = report.Participants, Publishers = report.Publishers };
            if (report.Publishers > 0)
            {
                status = status with
                {
                    Conditions = Conditions.Set(
                        status.Conditions, ConferenceRoomConditions.EndToEndEncrypted, report.EndToEndEncrypted,
                        report.EndToEndEncrypted ? "AllTracksEncrypted" : "TrackInTheClear",
                        report.EndToEndEncrypted ? "every published track is encrypted end to end" : "a published track is not announced as encrypted",
                        room.Metadata.Generation ?? 0, now),
                };
            }
        }

        return phase switch
        {
            // A room that was placed and nobody has joined says nothing new: its pod has it, as was said when it was placed.
            RoomPhase.Ready when heard && !IsNews(room, report) => status,
            RoomPhase.Ready when heard => Ready(room, status, true, RoomEvents.Serving, reason, now),
            RoomPhase.Recovering => Ready(room, status, false, RoomEvents.Recovering, reason, now),
            RoomPhase.Migrating => Ready(room, status, true, RoomEvents.Migrating, reason, now),
            _ => status,
        };
    }

    /// <summary>The room stays where it is, and nobody knows whether its pod lives.</summary>
    public static ConferenceRoomStatus Doubted(ConferenceRoom room, string reason, DateTimeOffset now) =>
        Of(room) is { Phase: RoomPhase.Ready or RoomPhase.Migrating } status ? Ready(room, status, null, RoomEvents.OwnerSilent, reason, now) : Of(room);

    /// <summary>
    /// Pods died under the room too often. Its last pod stays named until everybody has been told; the generation fences what comes
    /// back of it.
    /// </summary>
    public static ConferenceRoomStatus Quarantined(ConferenceRoom room, string reason, IReadOnlyList<DateTimeOffset> losses, DateTimeOffset now)
    {
        var until = Seconds(now + RestartIntensity.Quarantine);
        var status = Remembering(Of(room), losses) with
        {
            Phase = RoomPhase.Quarantined,
            Generation = Of(room).Generation + 1,
            Participants = 0,
            Publishers = 0,
            QuarantinedUntil = until,
        };
        var message = $"{reason}; it gets no pod until {until:yyyy-MM-dd'T'HH:mm:ss'Z'}, or until the annotation {SfuApi.ReleasedAt} says when what killed them was mended";
        status = Ready(room, status, false, RoomEvents.Quarantined, message, now);
        return status with
        {
            Conditions = Conditions.Set(status.Conditions, ConferenceRoomConditions.Quarantined, true, "PodsDied", message, room.Metadata.Generation ?? 0, now),
        };
    }

    /// <summary>Everybody has been told of the quarantine.</summary>
    public static ConferenceRoomStatus WithoutPod(ConferenceRoom room) => Of(room) with { Assignments = [] };

    /// <summary>With the times at which pods died under the room.</summary>
    public static ConferenceRoomStatus Remembering(ConferenceRoomStatus status, IReadOnlyList<DateTimeOffset> losses) =>
        status with { RecentLosses = [.. losses.Select(Seconds)] };

    /// <summary>The room is over. Its pod stays named until everybody has been told.</summary>
    public static ConferenceRoomStatus Ended(ConferenceRoom room, string reason, bool told, DateTimeOffset now)
    {
        var old = Of(room);
        var endedAt = old.EndedAt ?? Seconds(now);
        var ended = old with
        {
            Phase = RoomPhase.Ended,
            Assignments = told ? [] : old.Assignments,
            Participants = 0,
            Publishers = 0,
            EndedAt = endedAt,
            DeletesAt = endedAt + TtlOf(room.Spec),
        };
        return Ready(room, ended, false, RoomEvents.Ended, reason, now);
    }

    /// <summary>How long the object is kept after the end; null when for ever.</summary>
    public static TimeSpan? TtlOf(ConferenceRoomSpec spec) => spec.TtlAfterEnded is { } text && text.TryGet(out var ttl) ? ttl : null;

    /// <summary>The placement cannot be made known.</summary>
    public static ConferenceRoomStatus Unpublished(ConferenceRoom room, DateTimeOffset now) =>
        Ready(room, Of(room), false, RoomEvents.RegistryUnreachable, "the registry does not answer, so that nodes cannot be told where the room is; trying again every second", now);

    /// <summary>True when the two say the same.</summary>
    public static bool IsSame(ConferenceRoomStatus a, ConferenceRoomStatus b) => Text(a) == Text(b);

    /// <summary>True when the two differ in nothing but how many people there are.</summary>
    public static bool DifferOnlyInNumbers(ConferenceRoomStatus a, ConferenceRoomStatus b) => Text(WithoutNumbers(a)) == Text(WithoutNumbers(b));

    /// <summary>True when no number of people differs.</summary>
    public static bool HaveSameNumbers(ConferenceRoomStatus a, ConferenceRoomStatus b) =>
        a.Participants == b.Participants && a.Publishers == b.Publishers
        && a.Assignments.Select(assignment => assignment.Participants).SequenceEqual(b.Assignments.Select(assignment => assignment.Participants));

    private static ConferenceRoomStatus WithoutNumbers(ConferenceRoomStatus status) => status with
    {
        Participants = 0,
        Publishers = 0,
        Assignments = status.Assignments.Count < 2 ? status.Assignments : [.. status.Assignments.Select(assignment => assignment with { Participants = null })],
    };

    private static bool IsNews(ConferenceRoom room, RoomReport? report) =>
        report is null or { Participants: > 0 }
        || room.Status?.Phase is not RoomPhase.Ready
        || Conditions.Find(room.Status.Conditions, ConferenceRoomConditions.Ready) is not { Reason: RoomEvents.Placed };

    private static ConferenceRoomStatus Of(ConferenceRoom room) =>
        (room.Status ?? new ConferenceRoomStatus()) with { ObservedGeneration = room.Metadata.Generation ?? 0 };

    private static ConferenceRoomStatus Ready(ConferenceRoom room, ConferenceRoomStatus status, bool? ready, string reason, string message, DateTimeOffset now)
    {
        var generation = room.Metadata.Generation ?? 0;
        var conditions = Conditions.Set(status.Conditions, ConferenceRoomConditions.Ready, ready, reason, message, generation, now);
        if (status.Phase is not RoomPhase.Quarantined && Conditions.IsTrue(conditions, ConferenceRoomConditions.Quarantined))
        {
            conditions = Conditions.Set(conditions, ConferenceRoomConditions.Quarantined, false, "Over", "the quarantine is over", generation, now);
        }

        return Cascade(room, status with { Conditions = conditions }, null, null, now);
    }

    private static ConferenceRoomStatus Cascade(ConferenceRoom room, ConferenceRoomStatus status, string? refusal, string? cutOff, DateTimeOffset now)
    {
        var count = status.Assignments.Count;
        var regions = status.Assignments.Select(assignment => assignment.Region).Distinct(StringComparer.Ordinal).Count();
        var serving = count switch
        {
            <= 1 => "one pod serves it",
            _ when regions == 1 => $"{count} pods serve it",
            _ => $"{count} pods in {regions} regions serve it",
        };
        var (reason, message) = (count > 1, cutOff, refusal) switch
        {
            (true, { } edge, _) => ("EdgeCutOff", $"{serving}; {edge} does not hear from the pod that feeds it"),
            (_, _, { } why) => (NoFurtherPod, $"{serving}; it wants another: {why}"),
            (true, _, _) => ("SeveralPods", serving),
            _ => ("OnePod", serving),
        };
        return status with
        {
            Conditions = Conditions.Set(status.Conditions, ConferenceRoomConditions.Cascaded, count > 1, reason, message, room.Metadata.Generation ?? 0, now),
        };
    }

    private static DateTime Seconds(DateTimeOffset now) => new(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);

    private static string Text(ConferenceRoomStatus status) => System.Text.Json.JsonSerializer.Serialize(status, ApiJson.Options);
}
