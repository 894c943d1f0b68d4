using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Runtime.Reconciliation;
using k8s.Models;
using ApiMetric = BuildIt.Operator.Api.LoadMetric;
using PlannedMetric = BuildIt.Operator.Planning.Model.LoadMetric;

namespace BuildIt.Operator.Clusters;

/// <summary>Puts what a plan says into the status of an SfuCluster. Pure.</summary>
internal static class ClusterStatusBuilder
{
    private const int MaxInstances = 2000;

    /// <param name="cluster">The resource, with the status it has.</param>
    /// <param name="spec">Its spec in the planner's terms.</param>
    /// <param name="decision">The plan.</param>
    /// <param name="pods">What was planned on.</param>
    /// <param name="addresses">Media addresses by pod uid.</param>
    /// <param name="problem">What is wrong beyond what the plan knows: a condition's reason and message; null when nothing is.</param>
    /// <param name="turn">Whether its TURN server answers, null while that is not known, and what does not; null when it names none.</param>
    /// <param name="now">The time.</param>
    public static SfuClusterStatus Build(
        SfuCluster cluster,
        FleetSpec spec,
        FleetDecision decision,
        IReadOnlyList<ObservedPod> pods,
        IReadOnlyDictionary<string, MediaAddress> addresses,
        (string Reason, string Message)? problem,
        (bool? Answers, string Fault)? turn,
        DateTimeOffset now)
    {
        var generation = cluster.Metadata.Generation ?? 0;
        var planned = decision.Status;
        return new SfuClusterStatus
        {
            ObservedGeneration = generation,
            Replicas = planned.Replicas,
            ReadyReplicas = planned.ReadyReplicas,
            DrainingReplicas = planned.DrainingReplicas,
            DesiredReplicas = decision.Desired,
            Revision = spec.Revision,
            Selector = ResourceLabels.SelectorText(cluster),
            Load = LoadOf(spec, pods, planned.ReadyReplicas),
            Instances = Bounded([.. pods.Select((pod, i) => InstanceOf(spec, pod, decision.Verdicts[i], addresses.GetValueOrDefault(pod.Uid)))]),
            Conditions = WithTurn(ConditionsOf(cluster, planned.Conditions, addresses, pods, problem, generation, now), turn, generation, now),
        };
    }

    /// <summary>The status of a fleet that was never planned: it says so, lest anybody takes silence for success.</summary>
    public static SfuClusterStatus First(SfuCluster cluster, DateTimeOffset now)
    {
        var generation = cluster.Metadata.Generation ?? 0;
        IReadOnlyList<V1Condition> conditions = [];
        conditions = Conditions.Set(conditions, SfuClusterConditions.Available, false, "NotPlanned", "the fleet has not been looked at yet", generation, now);
        conditions = Conditions.Set(conditions, SfuClusterConditions.Progressing, true, "NotPlanned", "the fleet has not been looked at yet", generation, now);
        return new SfuClusterStatus { ObservedGeneration = generation, Selector = ResourceLabels.SelectorText(cluster), Conditions = conditions };
    }

    /// <summary>The same of a fleet that waits for its turn to take a new image, which it says where nothing else goes on.</summary>
    public static SfuClusterStatus Waiting(SfuCluster cluster, SfuClusterStatus status, string what, DateTimeOffset now) =>
        Conditions.IsTrue(status.Conditions, SfuClusterConditions.Progressing)
            ? status
            : status with
            {
                Conditions = Conditions.Set(
                    status.Conditions, SfuClusterConditions.Progressing, true, "WaitsForTurn", $"a new default image waits: {what}", cluster.Metadata.Generation ?? 0, now),
            };

    /// <summary>The status without what moves all the time, to tell a change that matters from one that can wait.</summary>
    public static SfuClusterStatus WithoutLoad(SfuClusterStatus status) => status with
    {
        Load = null,
        Instances = [.. status.Instances.Select(instance => instance with { LoadPercent = 0, Rooms = 0, Participants = 0 })],
    };

    // An object has at most 1.5 MiB in etcd. Of a fleet beyond that, those that need a look are named first.
    private static IReadOnlyList<InstanceStatus> Bounded(IReadOnlyList<InstanceStatus> instances) => instances.Count <= MaxInstances
        ? instances
        : [.. instances.OrderBy(instance => instance.State is InstanceState.Ready).ThenBy(instance => instance.Name, StringComparer.Ordinal)
            .Take(MaxInstances).OrderBy(instance => instance.Name, StringComparer.Ordinal)];

    private static IReadOnlyList<V1Condition> ConditionsOf(
        SfuCluster cluster,
        IReadOnlyList<Planning.Status.PlannedCondition> planned,
        IReadOnlyDictionary<string, MediaAddress> addresses,
        IReadOnlyList<ObservedPod> pods,
        (string Reason, string Message)? problem,
        long generation,
        DateTimeOffset now)
    {
        var conditions = cluster.Status?.Conditions ?? [];
        foreach (var condition in planned)
        {
            var (status, reason, message) = (condition.Status, condition.Reason, condition.Message);
            switch (condition.Type)
            {
                // The plan's own words stand when it has something worse to say: it is about pods, not about what is missing.
                case SfuClusterConditions.Degraded when problem is { } known:
                    (status, reason, message) = (true, known.Reason, status ? $"{known.Message}; {message}" : known.Message);
                    break;
                case SfuClusterConditions.Degraded when !status && Unreached(pods, addresses) is { } unreached:
                    (status, reason, message) = (true, "AddressUnknown", unreached);
                    break;
                case SfuClusterConditions.Paused when status && !cluster.Spec.Paused:
                    (status, reason, message) = (false, "NotPaused", string.Empty);
                    break;
            }

            conditions = Conditions.Set(conditions, condition.Type, status, reason, message.Length > 0 ? message : UntroubledMessage(condition.Type), generation, now);
        }

        return conditions;
    }

    private static IReadOnlyList<V1Condition> WithTurn(IReadOnlyList<V1Condition> conditions, (bool? Answers, string Fault)? turn, long generation, DateTimeOffset now) => turn switch
    {
        null => [.. conditions.Where(condition => condition.Type != SfuClusterConditions.TurnReachable)],

        // A new leader does not know yet; what the one before it found stands until it does.
        { Answers: null } => conditions,
        { Answers: true } => Conditions.Set(conditions, SfuClusterConditions.TurnReachable, true, "TurnAnswers", "the TURN server answers by every way that clients are told of", generation, now),
        { Fault: var fault } => Conditions.Set(conditions, SfuClusterConditions.TurnReachable, false, FleetEvents.TurnUnreachable, fault, generation, now),
    };

    // The Kubernetes client writes an empty text as null, which the schema of conditions refuses.
    private static string UntroubledMessage(string type) => type switch
    {
        SfuClusterConditions.Degraded => "all pods are well",
        SfuClusterConditions.ScalingLimited => "the wanted number of pods is within spec.replicas",
        SfuClusterConditions.Paused => "spec.paused is false",
        _ => "nothing to report",
    };

    private static string? Unreached(IReadOnlyList<ObservedPod> pods, IReadOnlyDictionary<string, MediaAddress> addresses)
    {
        foreach (var pod in pods)
        {
            if (pod.Observation.Phase is PodPhase.Running && addresses.GetValueOrDefault(pod.Uid)?.Missing is { } missing)
            {
                return $"{pod.Pod.Metadata.Name} has no address for media: {missing}";
            }
        }

        return null;
    }

    private static FleetLoad LoadOf(FleetSpec spec, IReadOnlyList<ObservedPod> pods, int ready)
    {
        var total = PodLoad.None;
        foreach (var pod in pods)
        {
            total += pod.Observation.Load ?? PodLoad.None;
        }

        var highest = (Metric: spec.Scaling.Metrics.Count > 0 ? spec.Scaling.Metrics[0] : PlannedMetric.Publishers, Share: 0.0);
        foreach (var metric in spec.Scaling.Metrics)
        {
            var share = total.FractionOf(spec.Capacity, metric) / Math.Max(1, ready);
            if (share > highest.Share)
            {
                highest = (metric, share);
            }
        }

        var percent = Percent(highest.Share);
        var name = (ApiMetric)(int)highest.Metric;
        return new FleetLoad
        {
            Summary = string.Create(CultureInfo.InvariantCulture, $"{percent}% {highest.Metric.ToString().ToLowerInvariant()}"),
            Metric = name,
            UtilizationPercent = percent,
            Rooms = total.Rooms,
            Participants = total.Participants,
            Publishers = total.Publishers,
            Subscribers = total.Subscribers,
        };
    }

    private static InstanceStatus InstanceOf(FleetSpec spec, ObservedPod pod, InstanceVerdict verdict, MediaAddress? address)
    {
        var observation = pod.Observation;
        var load = observation.Load ?? PodLoad.None;
        return new InstanceStatus
        {
            Name = observation.Name,
            State = StateOf(observation, verdict.Liveness),
            Endpoint = address?.Endpoint ?? Reported(pod),
            Revision = observation.Revision,
            LoadPercent = Percent(load.Highest(spec.Capacity)),
            Rooms = load.Rooms,
            Participants = load.Participants,

            // The API keeps whole seconds; anything finer would differ after each round trip.
            DrainingSince = observation.DrainStartedAt is { } since ? new DateTime(since.UtcTicks - (since.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc) : null,
            Reason = ReasonOf(pod, verdict),
        };
    }

    // In mode Stun only the node knows.
    private static string? Reported(ObservedPod pod) => pod.Newest?.Endpoints is { MediaAddress: { } host, MediaUdpPort: > 0 } endpoints
        ? new MediaAddress(host, endpoints.MediaUdpPort, null, null).Endpoint
        : null;

    private static string ReasonOf(ObservedPod pod, InstanceVerdict verdict)
    {
        var draining = pod.Observation.IsDraining && verdict.Liveness is Liveness.Alive or Liveness.Starting
            && pod.Pod.Metadata.Annotations?.TryGetValue(PodAnnotations.DrainReason, out var why) == true ? why : null;
        return draining ?? verdict.Reason;
    }

    private static InstanceState StateOf(InstanceObservation observation, Liveness liveness) => liveness switch
    {
        Liveness.Leaving => InstanceState.Terminating,
        Liveness.Dead => InstanceState.Dead,
        Liveness.Suspect => InstanceState.Suspect,
        _ when observation.IsDraining => InstanceState.Draining,
        Liveness.Alive => InstanceState.Ready,
        _ => InstanceState.Starting,
    };

    private static int Percent(double share) => (int)Math.Round(Math.Min(share, 1000) * 100, MidpointRounding.AwayFromZero);
}
