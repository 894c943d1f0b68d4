using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Leadership;
using k8s;
using k8s.Models;
using Prometheus;

namespace BuildIt.Operator.Telemetry;

/// <summary>
/// What fleets, links and rooms say of themselves, as metrics: worked out when somebody looks, and by the leader alone, so that replicas
/// do not contradict each other. Of rooms, which are many, those that are not well have series of their own, up to a bound; all are counted.
/// </summary>
internal sealed class ConditionMetrics(IObjectCache<SfuCluster> fleets, IObjectCache<ConferenceRoom> rooms, IObjectCache<RegionLink> links, LeaderElector leader)
{
    /// <summary>Rooms with series of their own at a time.</summary>
    public const int MaxRooms = 100;

    private static readonly Gauge Condition = Prometheus.Metrics.CreateGauge(
        "buildit_condition", "Conditions of fleets and links, and of up to 100 rooms that are not ready: 1 true, 0 false, -1 unknown.", "kind", "namespace", "name", "type");

    private static readonly Gauge Rooms = Prometheus.Metrics.CreateGauge("buildit_rooms", "Rooms by phase.", "namespace", "phase");

    private static readonly Gauge NotReady = Prometheus.Metrics.CreateGauge(
        "buildit_rooms_not_ready", "Rooms that are not ready and have not ended, by the reason that their condition gives; NoCapacity waits for a pod.", "namespace", "reason");

    private readonly Lock _lock = new();

    /// <summary>Brings the series up to date.</summary>
    public void Collect()
    {
        lock (_lock)
        {
            var conditions = new Dictionary<(string, string, string, string), double>();
            var phases = new Dictionary<(string, string), int>();
            var reasons = new Dictionary<(string, string), int>();
            if (leader.MayWrite)
            {
                foreach (var fleet in fleets.List())
                {
                    Add(conditions, SfuCluster.KindName, fleet, fleet.Status?.Conditions);
                }

                foreach (var link in links.List())
                {
                    Add(conditions, RegionLink.KindName, link, link.Status?.Conditions);
                }

                Add(conditions, phases, reasons);
            }

            Set(Condition, conditions.ToDictionary(each => (string[])[each.Key.Item1, each.Key.Item2, each.Key.Item3, each.Key.Item4], each => each.Value));
            Set(Rooms, phases.ToDictionary(each => (string[])[each.Key.Item1, each.Key.Item2], each => (double)each.Value));
            Set(NotReady, reasons.ToDictionary(each => (string[])[each.Key.Item1, each.Key.Item2], each => (double)each.Value));
        }
    }

    private void Add(Dictionary<(string, string, string, string), double> conditions, Dictionary<(string, string), int> phases, Dictionary<(string, string), int> reasons)
    {
        var named = 0;
        foreach (var room in rooms.List())
        {
            var (ns, phase) = (room.Metadata.NamespaceProperty, room.Status?.Phase ?? RoomPhase.Pending);
            phases[(ns, phase.ToString())] = phases.GetValueOrDefault((ns, phase.ToString())) + 1;
            var ready = room.Status?.Conditions.FirstOrDefault(condition => condition.Type == ConferenceRoomConditions.Ready);
            if (phase is RoomPhase.Ended || ready is { Status: "True" })
            {
                continue;
            }

            var reason = ready?.Reason ?? "Unseen";
            reasons[(ns, reason)] = reasons.GetValueOrDefault((ns, reason)) + 1;
            if (named++ < MaxRooms)
            {
                Add(conditions, ConferenceRoom.KindName, room, room.Status?.Conditions);
            }
        }
    }

    private static void Add(Dictionary<(string, string, string, string), double> conditions, string kind, IKubernetesObject<V1ObjectMeta> item, IReadOnlyList<V1Condition>? of)
    {
        foreach (var condition in of ?? [])
        {
            conditions[(kind, item.Metadata.NamespaceProperty, item.Metadata.Name, condition.Type)] = condition.Status switch { "True" => 1, "False" => 0, _ => -1 };
        }
    }

    private static void Set(Gauge gauge, Dictionary<string[], double> values)
    {
        var wanted = values.Keys.Select(labels => string.Join('\n', labels)).ToHashSet(StringComparer.Ordinal);
        foreach (var labels in gauge.GetAllLabelValues().Where(labels => !wanted.Contains(string.Join('\n', labels))).ToList())
        {
            gauge.RemoveLabelled(labels);
        }

        foreach (var (labels, value) in values)
        {
            gauge.WithLabels(labels).Set(value);
        }
    }
}
