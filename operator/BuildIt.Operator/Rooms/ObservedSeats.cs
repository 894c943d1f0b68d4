using BuildIt.Operator.Api;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Topology;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Rooms;

/// <summary>One seat of a room with what its pod says of it.</summary>
/// <param name="Assignment">As the status has it.</param>
/// <param name="Instance">Its pod; null when that is gone, or nothing is known of its fleet.</param>
/// <param name="Report">What the pod says of this very placement; null when it is silent or does not have it.</param>
/// <param name="Condition">What is to become of the seat.</param>
internal sealed record ObservedSeat(RoomAssignment Assignment, FleetInstance? Instance, RoomReport? Report, SeatCondition Condition);

/// <summary>Looks at the seats of a room. Pure.</summary>
internal static class ObservedSeats
{
    /// <summary>An edge whose pod is alive and has not taken the room for so long has nobody on it.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    // What comes over the network is held to what a pod can carry.
    private const long MostBits = 100_000_000_000;

    /// <summary>The seats, the origin first.</summary>
    public static IReadOnlyList<ObservedSeat> Of(ConferenceRoom room, IReadOnlyList<FleetView> fleets, IReadOnlySet<string> unplanned)
    {
        var status = room.Status;
        if (status is null || status.Assignments.Count == 0)
        {
            return [];
        }

        var seats = new List<ObservedSeat>(status.Assignments.Count);
        foreach (var assignment in status.Assignments.OrderBy(assignment => assignment.Role is not AssignmentRole.Origin))
        {
            var fleet = fleets.FirstOrDefault(view => view.Key.Name == assignment.Cluster);
            var instance = fleet?.Find(assignment.Instance);
            var report = instance is { Liveness: Liveness.Alive }
                ? instance.Rooms.FirstOrDefault(report => report.Room.Value == room.Metadata.Name && report.Generation == status.Generation)
                : null;
            seats.Add(new ObservedSeat(
                assignment, instance, report, unplanned.Contains(assignment.Cluster) ? SeatCondition.Doubted : ConditionOf(fleet, instance)));
        }

        return seats;
    }

    /// <summary>The same for the planner.</summary>
    public static IReadOnlyList<SeatObservation> ForPlanning(IReadOnlyList<ObservedSeat> seats, Func<RoomAssignment, SeatFeeding> feeding, DateTimeOffset now)
    {
        var planned = new SeatObservation[seats.Count];
        for (var i = 0; i < seats.Count; i++)
        {
            var (assignment, instance, report, condition) = seats[i];
            var since = assignment.Since is { } at ? new DateTimeOffset(at.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.MinValue;
            var fed = feeding(assignment);
            var isAbsent = report is null && condition is SeatCondition.Serving && i > 0 && now - since > Silence;
            planned[i] = new SeatObservation
            {
                Instance = assignment.Instance,
                Cluster = assignment.Cluster,
                Region = assignment.Region ?? string.Empty,
                Parent = assignment.Parent,
                IsClosed = assignment.Closed == true,
                Condition = condition,
                People = isAbsent ? 0 : report?.Participants,
                EmptySince = isAbsent ? since : report is { Participants: <= 0 } ? EmptySince(report, instance!, now) : null,
                Since = since,
                IsConnected = report?.ParentConnected != false && report is not null,
                CutOffSince = report?.ParentConnected is false ? fed.CutOffSince : null,
                WasConnected = fed.WasConnected,
            };
        }

        return planned;
    }

    /// <summary>People by the region in which they arrived.</summary>
    public static IReadOnlyList<RegionDemand> Demand(IReadOnlyList<ObservedSeat> seats)
    {
        // Nearly always there is one seat, and all who are on it arrived there.
        if (seats is [{ Report: { Arrivals.Count: 0 } only } alone])
        {
            return [new RegionDemand(alone.Assignment.Region ?? string.Empty, only.Participants, only.Publishers)];
        }

        var regions = new SortedDictionary<string, (int People, int Publishers)>(StringComparer.Ordinal);
        foreach (var seat in seats)
        {
            if (seat.Report is not { } report)
            {
                continue;
            }

            var (people, publishers) = (Math.Max(0, report.Participants), Math.Max(0, report.Publishers));
            foreach (var arrivals in report.Arrivals)
            {
                // What comes over the network adds up to no more than the pod itself counts.
                var here = Math.Clamp(arrivals.Participants, 0, people);
                var sending = Math.Clamp(arrivals.Publishers, 0, Math.Min(here, publishers));
                Add(arrivals.Region, here, sending);
                (people, publishers) = (people - here, publishers - sending);
            }

            Add(seat.Assignment.Region ?? string.Empty, people, Math.Min(people, publishers));
        }

        return [.. regions.Where(region => region.Value.People > 0).Select(region => new RegionDemand(region.Key, region.Value.People, region.Value.Publishers))];

        void Add(string region, int people, int publishers)
        {
            var known = regions.GetValueOrDefault(region);
            regions[region] = (known.People + people, known.Publishers + publishers);
        }
    }

    /// <summary>
    /// The most that one pod receives of the room, in bits per second: what people send to it and what others relay to it, so that no further
    /// pod gets more.
    /// </summary>
    public static long Media(IReadOnlyList<ObservedSeat> seats)
    {
        var most = 0L;
        foreach (var seat in seats)
        {
            most = Math.Max(most, Math.Clamp(seat.Report?.IngressBitsPerSecond ?? 0, 0, MostBits));
        }

        return most;
    }

    /// <summary>
    /// What all pods of the room report of it together; null while the origin does not report it, or while a pod that may have people does
    /// not and nobody else has any.
    /// </summary>
    public static RoomReport? Sum(IReadOnlyList<ObservedSeat> seats)
    {
        if (seats.Count == 0 || seats[0].Report is not { } origin)
        {
            return null;
        }

        if (seats.Count == 1)
        {
            return origin;
        }

        var sum = origin;
        var isComplete = true;
        for (var i = 1; i < seats.Count; i++)
        {
            if (seats[i].Report is not { } report)
            {
                isComplete &= seats[i].Condition is SeatCondition.Lost;
                continue;
            }

            sum = sum with
            {
                Participants = sum.Participants + Math.Max(0, report.Participants),
                Publishers = sum.Publishers + Math.Max(0, report.Publishers),
                EndToEndEncrypted = (sum.EndToEndEncrypted || sum.Publishers == 0) && (report.EndToEndEncrypted || report.Publishers == 0),
                EverJoined = sum.EverJoined || report.EverJoined,
                EmptySeconds = LeastEmpty(sum.EmptySeconds, report.EmptySeconds, sum.Participants > 0, report.Participants > 0),
                EndRequested = sum.EndRequested || report.EndRequested,
            };
        }

        return sum.Participants > 0 || isComplete || sum.EndRequested ? sum : null;
    }

    private static double? LeastEmpty(double? one, double? other, bool hasPeople, bool otherHasPeople) => (hasPeople || otherHasPeople, one, other) switch
    {
        (true, _, _) => null,
        (_, null, var known) => known,
        (_, var known, null) => known,
        _ => Math.Min(one.Value, other.Value),
    };

    private static DateTimeOffset EmptySince(RoomReport report, FleetInstance instance, DateTimeOffset now) =>
        (instance.HeardAt ?? now) - TimeSpan.FromSeconds(Math.Clamp(report.EmptySeconds ?? 0, 0, 86_400));

    private static SeatCondition ConditionOf(FleetView? fleet, FleetInstance? instance)
    {
        if (fleet is null || instance is null)
        {
            return SeatCondition.Lost;
        }

        return instance.Liveness switch
        {
            Liveness.Dead or Liveness.Leaving or Liveness.Restarting => SeatCondition.Lost,
            Liveness.Suspect => SeatCondition.Doubted,
            _ when !instance.Observation.IsDraining || fleet.Held || fleet.Spec.Paused => SeatCondition.Serving,

            // Where rooms are waited for, the pod keeps those it has until they end, and gets nobody new.
            _ => fleet.Cluster.Spec.Drain.Mode is Api.DrainMode.Migrate ? SeatCondition.Leaving : SeatCondition.Doubted,
        };
    }
}
