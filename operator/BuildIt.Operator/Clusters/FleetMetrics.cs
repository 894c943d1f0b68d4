using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Runtime.Caching;
using Prometheus;

namespace BuildIt.Operator.Clusters;

/// <summary>What the leading operator measures of each fleet.</summary>
internal static class FleetMetrics
{
    private static readonly string[] Labels = ["namespace", "cluster"];
    private static readonly string[] States = [.. Enum.GetNames<Liveness>().Select(name => name.ToLowerInvariant())];

    private static readonly Gauge Pods = Prometheus.Metrics.CreateGauge("buildit_fleet_pods", "Pods by what is believed about them.", "namespace", "cluster", "state");
    private static readonly Gauge Draining = Prometheus.Metrics.CreateGauge("buildit_fleet_draining_pods", "Pods that are being emptied.", Labels);
    private static readonly Gauge Desired = Prometheus.Metrics.CreateGauge("buildit_fleet_desired_pods", "Pods that should take rooms.", Labels);
    private static readonly Gauge Rooms = Prometheus.Metrics.CreateGauge("buildit_fleet_rooms", "Rooms.", Labels);
    private static readonly Gauge Participants = Prometheus.Metrics.CreateGauge("buildit_fleet_participants", "Participants.", Labels);
    private static readonly Gauge Load = Prometheus.Metrics.CreateGauge("buildit_fleet_load_ratio", "The highest load over all measures, as a share of what the ready pods can carry.", Labels);
    private static readonly Gauge RegistryUp = Prometheus.Metrics.CreateGauge("buildit_fleet_registry_up", "1 while the fleet's registry answers.", Labels);

    private static readonly Gauge TurnUp = Prometheus.Metrics.CreateGauge("buildit_fleet_turn_up", "1 while the TURN server that the fleet names answers; nothing for fleets that name none.", Labels);

    public static void Set(ObjectKey key, FleetDecision decision, IReadOnlyList<ObservedPod> pods, RegistryView registry)
    {
        string[] labels = [key.Namespace, key.Name];
        var counts = new int[States.Length];
        foreach (var verdict in decision.Verdicts)
        {
            counts[(int)verdict.Liveness]++;
        }

        for (var state = 0; state < States.Length; state++)
        {
            Pods.WithLabels(key.Namespace, key.Name, States[state]).Set(counts[state]);
        }

        Draining.WithLabels(labels).Set(pods.Count(pod => pod.Observation.IsDraining));
        Desired.WithLabels(labels).Set(decision.Desired);
        Rooms.WithLabels(labels).Set(decision.Status.Rooms);
        Participants.WithLabels(labels).Set(decision.Status.Participants);
        Load.WithLabels(labels).Set(decision.Status.Load);
        RegistryUp.WithLabels(labels).Set(registry.ReachableSince is null ? 0 : 1);
    }

    /// <summary>Whether the TURN server that the fleet names answers; null when it names none, or that is not known.</summary>
    public static void SetTurn(ObjectKey key, bool? answers)
    {
        if (answers is { } known)
        {
            TurnUp.WithLabels(key.Namespace, key.Name).Set(known ? 1 : 0);
        }
        else
        {
            TurnUp.RemoveLabelled(key.Namespace, key.Name);
        }
    }

    public static void Forget(ObjectKey key)
    {
        foreach (var state in States)
        {
            Pods.RemoveLabelled(key.Namespace, key.Name, state);
        }

        foreach (var gauge in (ReadOnlySpan<Gauge>)[Draining, Desired, Rooms, Participants, Load, RegistryUp, TurnUp])
        {
            gauge.RemoveLabelled(key.Namespace, key.Name);
        }
    }
}
