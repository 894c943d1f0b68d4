namespace BuildIt.Operator.Planning.Model;

/// <summary>What is wanted of one fleet, in the planner's own terms.</summary>
public sealed record FleetSpec
{
    /// <summary>The name of the SfuCluster; the names of its pods begin with it.</summary>
    public required string Name { get; init; }

    /// <summary>The revision that new pods get: a hash of everything that needs a new pod when it changes.</summary>
    public required string Revision { get; init; }

    /// <summary>The fewest pods, 0 or more.</summary>
    public int Min { get; init; } = 1;

    /// <summary>The most pods, at least <see cref="Min"/>. A rollout may exceed it by its surge.</summary>
    public int Max { get; init; } = 10;

    /// <summary>Nothing about the fleet's pods is changed while this is true.</summary>
    public bool Paused { get; init; }

    /// <summary>The fleet is being deleted: every pod is drained and removed.</summary>
    public bool Deleting { get; init; }

    /// <summary>A number of pods set by hand, which load and schedules do not change; null for autoscaling.</summary>
    public int? ManualReplicas { get; init; }

    public PodCapacity Capacity { get; init; } = PodCapacity.Default;

    public ScalingPolicy Scaling { get; init; } = ScalingPolicy.Default;

    public DrainPolicy Drain { get; init; } = DrainPolicy.Default;

    public RolloutPolicy Rollout { get; init; } = RolloutPolicy.Default;
}
