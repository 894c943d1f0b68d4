using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Units;
using BuildIt.Operator.Planning.Model;
using PlannedMetric = BuildIt.Operator.Planning.Model.LoadMetric;

namespace BuildIt.Operator.Resources.Fleets;

/// <summary>Puts an SfuCluster into the planner's terms.</summary>
public static class FleetSpecs
{
    private static readonly IReadOnlyList<PlannedMetric> AllMetrics = Enum.GetValues<PlannedMetric>();

    /// <param name="cluster">The fleet as its owner wrote it.</param>
    /// <param name="revision">The revision that its pods should have; see <see cref="Revisions.RevisionHash"/>.</param>
    public static FleetSpec From(SfuCluster cluster, string revision)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var spec = cluster.Spec;
        return new FleetSpec
        {
            Name = cluster.Metadata.Name,
            Revision = revision,
            Min = Math.Clamp(spec.Replicas.Min, 0, ReplicasSpec.Limit),
            Max = Math.Clamp(spec.Replicas.Max, 0, ReplicasSpec.Limit),
            ManualReplicas = spec.Replicas.Manual,
            Paused = spec.Paused,
            Deleting = cluster.Metadata.DeletionTimestamp is not null,
            Capacity = Capacity(spec.Capacity),
            Scaling = Scaling(spec.Autoscaling),
            Drain = Drain(spec.Drain),
            Rollout = Rollout(spec.Rollout),
        };
    }

    public static PodCapacity Capacity(CapacitySpec capacity)
    {
        ArgumentNullException.ThrowIfNull(capacity);
        return new PodCapacity(
            capacity.MaxPublishers,
            capacity.MaxSubscribers,
            capacity.MaxRooms,
            capacity.Ingress.BitsPerSecondOr(PodCapacity.Default.Ingress),
            capacity.Egress.BitsPerSecondOr(PodCapacity.Default.Egress));
    }

    private static ScalingPolicy Scaling(AutoscalingSpec spec) => new()
    {
        TargetUtilization = spec.TargetUtilization,
        Metrics = spec.Metrics is { Count: > 0 } metrics ? [.. metrics.Select(Metric)] : AllMetrics,
        Warm = Amount(spec.Warm, new PodAmount(0)),
        Up = Behavior(spec.ScaleUp, ScalingPolicy.Default.Up),
        Down = Behavior(spec.ScaleDown, ScalingPolicy.Default.Down),
    };

    private static ScalingBehavior Behavior(ScaleStepSpec spec, ScalingBehavior standard) => standard with
    {
        Stabilization = spec.Stabilization.Or(standard.Stabilization),
        MaxStep = Amount(spec.MaxStep, standard.MaxStep),
    };

    private static DrainPolicy Drain(DrainSpec spec) => new()
    {
        Deadline = spec.Deadline.Or(DrainPolicy.Default.Deadline),
        Mode = spec.Mode is Api.DrainMode.Wait ? Planning.Model.DrainMode.Wait : Planning.Model.DrainMode.Migrate,
        MaxConcurrent = spec.MaxConcurrent,
    };

    private static RolloutPolicy Rollout(RolloutSpec spec) => new()
    {
        MaxSurge = Amount(spec.MaxSurge, RolloutPolicy.Default.MaxSurge),
        CanaryPods = spec.Canary?.Pods ?? 0,
        CanaryPause = spec.Canary?.Pause.Or(TimeSpan.Zero) ?? TimeSpan.Zero,
    };

    private static PodAmount Amount(CountOrPercent value, PodAmount standard) =>
        value.IsValid ? new PodAmount(value.Amount, value.IsPercent) : standard;

    private static PlannedMetric Metric(Api.LoadMetric metric) => metric switch
    {
        Api.LoadMetric.Publishers => PlannedMetric.Publishers,
        Api.LoadMetric.Subscribers => PlannedMetric.Subscribers,
        Api.LoadMetric.Rooms => PlannedMetric.Rooms,
        Api.LoadMetric.Ingress => PlannedMetric.Ingress,
        Api.LoadMetric.Egress => PlannedMetric.Egress,
        _ => PlannedMetric.Cpu,
    };
}
