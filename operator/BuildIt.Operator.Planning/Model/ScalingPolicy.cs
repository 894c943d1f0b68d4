namespace BuildIt.Operator.Planning.Model;

/// <summary>How a fleet follows its load.</summary>
public sealed record ScalingPolicy
{
    public static readonly ScalingPolicy Default = new();

    /// <summary>How full a pod should be, above 0 and up to 1.</summary>
    public double TargetUtilization { get; init; } = 0.7;

    /// <summary>The measures that count; the one that asks for most wins.</summary>
    public IReadOnlyList<LoadMetric> Metrics { get; init; } = [LoadMetric.Publishers, LoadMetric.Subscribers, LoadMetric.Rooms];

    /// <summary>Pods kept ready beyond what load needs; a share is of what load needs.</summary>
    public PodAmount Warm { get; init; }

    public ScalingBehavior Up { get; init; } = new() { StepInterval = TimeSpan.FromSeconds(10) };

    public ScalingBehavior Down { get; init; } = new()
    {
        Stabilization = TimeSpan.FromMinutes(5),
        MaxStep = new PodAmount(1),
        StepInterval = TimeSpan.FromSeconds(30),
    };
}

/// <summary>How fast the number of pods may move in one direction.</summary>
public sealed record ScalingBehavior
{
    /// <summary>A change is made only when it was wanted for so long; zero acts at once.</summary>
    public TimeSpan Stabilization { get; init; }

    /// <summary>The most pods by which one step changes.</summary>
    public PodAmount MaxStep { get; init; } = PodAmount.Unlimited;

    /// <summary>The least time between two steps when <see cref="MaxStep"/> limits them.</summary>
    public TimeSpan StepInterval { get; init; }
}
