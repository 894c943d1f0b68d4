using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Ledger;

/// <summary>One pod as placement sees it.</summary>
public readonly record struct PodState()
{
    /// <summary>The name of the fleet the pod belongs to. What is in one ledger is of one namespace.</summary>
    public required string Cluster { get; init; }

    public required string Region { get; init; }

    public required string Instance { get; init; }

    /// <summary>True when the pod is of its fleet's newest revision.</summary>
    public bool IsCurrent { get; init; } = true;

    public PodAvailability Availability { get; init; }

    public PodCapacity Capacity { get; init; } = PodCapacity.Default;

    /// <summary>The pod accepts links of other pods, so that it may serve a room beside them.</summary>
    public bool Relays { get; init; } = true;

    /// <summary>What the pod last reported.</summary>
    public PodLoad Load { get; init; }

    /// <summary>Up to which utilisation pods are filled before the next one is, above 0 and up to 1.</summary>
    public double Target { get; init; } = 0.7;
}

/// <summary>Whether a pod may get rooms, and if not, why.</summary>
public enum PodAvailability
{
    Ready,
    Starting,
    Draining,
    Suspect,
    Dead,
}
