using System.Globalization;
using BuildIt.Operator.Planning.Ledger;

namespace BuildIt.Operator.Planning.Placement;

/// <summary>A pod for a further seat.</summary>
/// <param name="Instance">The pod.</param>
/// <param name="Expected">People that places are to be held for.</param>
/// <param name="Load">How full it is with them.</param>
public readonly record struct SeatPlacement(string Instance, int Expected, double Load);

/// <summary>Finds pods for rooms.</summary>
public static class RoomPlacer
{
    // What is above this is full. A little more than 1, so that a sum of fractions may be exactly full.
    internal const double Full = 1 + 1e-9;

    /// <summary>
    /// Places one room and enters it in <paramref name="ledger"/>; where there is no pod for it, it stays where it is. Its generation is one
    /// above the last, so whoever served it before is fenced.
    /// </summary>
    public static RoomPlacement Place(RoomLedger ledger, RoomRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(request);
        var before = ledger.Suspend(request.Room);
        var best = new Choice();
        var refused = new Refusals();
        if (request.Regions.Count == 0)
        {
            Consider(ledger.Pods, 0, request, ref best, ref refused);
        }
        else
        {
            for (var rank = 0; rank < request.Regions.Count; rank++)
            {
                Consider(ledger.InRegion(request.Regions[rank]), rank, request, ref best, ref refused);
            }
        }

        if (best.Pod is { } pod)
        {
            return Placed(ledger, request, pod, best.Suitability, now);
        }

        before?.Begin(now);
        return Waits(request, refused);
    }

    /// <summary>
    /// Finds a pod of a fleet for a further seat of a room. Nothing is held: the seat is entered with
    /// <see cref="RoomLedger.SetEdges"/> when it is given.
    /// </summary>
    /// <param name="ledger">The pods.</param>
    /// <param name="cluster">The fleet.</param>
    /// <param name="region">Its region.</param>
    /// <param name="expected">People to have places for.</param>
    /// <param name="taken">Pods that have a seat of the room, or had.</param>
    /// <param name="relay">Media that other pods will send it, in bits per second.</param>
    /// <returns>The pod and how full it is with the seat; null when there is none.</returns>
    public static SeatPlacement? PlaceSeat(RoomLedger ledger, string cluster, string region, int expected, IReadOnlyList<string> taken, long relay = 0)
    {
        ArgumentNullException.ThrowIfNull(ledger);
        var best = new Choice();
        var refused = new Refusals();
        var request = new RoomRequest
        {
            Room = string.Empty,
            ExpectedParticipants = expected,
            Avoid = taken,
            Clusters = new HashSet<string>(StringComparer.Ordinal) { cluster },
            Part = PlacementPolicy.Comfort,
            MustRelay = true,
            Relay = relay,
        };
        Consider(ledger.InRegion(region), 0, request, ref best, ref refused);
        return best.Pod is { } pod ? new SeatPlacement(pod.Instance, ExpectedOn(pod, request), best.Suitability.Load) : null;
    }

    private static void Consider(IReadOnlyList<PodEntry> pods, int rank, RoomRequest request, ref Choice best, ref Refusals refused)
    {
        for (var i = 0; i < pods.Count; i++)
        {
            var pod = pods[i];
            if ((request.Only is { } only && pod.Instance != only) || (request.Clusters is { } clusters && !clusters.Contains(pod.State.Cluster)))
            {
                continue;
            }

            refused.GrowRegion ??= pod.State.Region;
            if (pod.State.Availability is not PodAvailability.Ready)
            {
                refused.Add(pod.State.Availability);
                continue;
            }

            if (IsAvoided(request, pod.Instance) || (request.MustRelay && !pod.State.Relays))
            {
                refused.Avoided++;
                continue;
            }

            // A room larger than any pod starts on one all the same, and grows over others from there.
            var participants = ExpectedOn(pod, request);
            var load = pod.Fraction(1, participants, request.Relay);
            if (load > Full)
            {
                refused.Full++;
                continue;
            }

            var suitability = new Suitability(
                pod.PeersOf(request.Losses), load > PlacementPolicy.Comfort, rank, !pod.State.IsCurrent, load > pod.State.Target + 1e-9, load);
            var order = best.Pod is null ? -1 : suitability.CompareTo(best.Suitability);
            if (order < 0 || (order == 0 && string.CompareOrdinal(pod.Instance, best.Pod!.Instance) < 0))
            {
                best = new Choice(pod, suitability);
            }
        }
    }

    private static int ExpectedOn(PodEntry pod, RoomRequest request) => (int)Math.Min(request.Expected, Math.Ceiling(pod.Places() * request.Part));

    private static bool IsAvoided(RoomRequest request, string instance)
    {
        for (var i = 0; i < request.Avoid.Count; i++)
        {
            if (request.Avoid[i] == instance)
            {
                return true;
            }
        }

        return false;
    }

    private static RoomPlacement Placed(RoomLedger ledger, RoomRequest request, PodEntry pod, Suitability suitability, DateTimeOffset now)
    {
        var expected = ExpectedOn(pod, request);
        var generation = request.Generation + 1;
        ledger.Enter(
            new PlacedRoom
            {
                Room = request.Room,
                Cluster = pod.State.Cluster,
                Instance = pod.Instance,
                PlacedAt = now,
                Expected = expected,
                Generation = generation,
                Losses = request.Losses,
            },
            now);
        return new RoomPlacement
        {
            Room = request.Room,
            Instance = pod.Instance,
            Cluster = pod.State.Cluster,
            Region = pod.State.Region,
            Generation = generation,
            Expected = expected,
            Reason = string.Create(CultureInfo.InvariantCulture, $"{pod.Instance} in {pod.State.Region}: {Why(suitability)}, {suitability.Load:P0} full with the room"),
        };
    }

    private static string Why(Suitability suitability) => suitability switch
    {
        { Crowded: true } => "nothing emptier is left",
        { AboveTarget: true } => "the least loaded, all being above their target",
        _ => "the fullest within its target",
    };

    private static RoomPlacement Waits(RoomRequest request, Refusals refused)
    {
        if (request.Only is { } only)
        {
            return new RoomPlacement
            {
                Room = request.Room,
                Generation = request.Generation,
                Expected = request.Expected,
                Reason = string.Create(CultureInfo.InvariantCulture, $"{only} cannot take {request.Expected} participants: {refused.ToString("it is", "it is none of the pods that may serve the room")}"),
            };
        }

        var where = request.Regions.Count == 0 ? "any region" : string.Join(", ", request.Regions);
        return new RoomPlacement
        {
            Room = request.Room,
            Generation = request.Generation,
            Expected = request.Expected,
            GrowRegion = refused.GrowRegion ?? (request.Regions.Count > 0 ? request.Regions[0] : null),
            Reason = string.Create(CultureInfo.InvariantCulture, $"no pod in {where} has room for {request.Expected} participants: {refused}"),
        };
    }

    private readonly record struct Choice(PodEntry? Pod, Suitability Suitability);

    /// <summary>Why pods were passed over, by number.</summary>
    private struct Refusals
    {
        private int _starting;
        private int _draining;
        private int _silent;

        public int Full { get; set; }

        public int Avoided { get; set; }

        public string? GrowRegion { get; set; }

        public void Add(PodAvailability availability)
        {
            _ = availability switch
            {
                PodAvailability.Starting => _starting++,
                PodAvailability.Draining => _draining++,
                _ => _silent++,
            };
        }

        public override readonly string ToString() => ToString(null, "there are no pods");

        /// <summary>The same of one pod.</summary>
        /// <param name="one">What goes before the reason, instead of how many; null where there may be several.</param>
        /// <param name="none">What to say where none was passed over.</param>
        public readonly string ToString(string? one, string none)
        {
            var parts = new List<string>();
            Say(parts, Full, one, "full");
            Say(parts, _starting, one, "starting");
            Say(parts, _draining, one, "draining");
            Say(parts, _silent, one, "suspect or dead");
            Say(parts, Avoided, one, "the one it leaves");
            return parts.Count == 0 ? none : string.Join(", ", parts);
        }

        private static void Say(List<string> parts, int count, string? one, string what)
        {
            if (count > 0)
            {
                parts.Add(one is null ? string.Create(CultureInfo.InvariantCulture, $"{count} {what}") : $"{one} {what}");
            }
        }
    }
}
