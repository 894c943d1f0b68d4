using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Instances;
using BuildIt.Operator.Planning.Model;
using BuildIt.Operator.Planning.Status;

namespace BuildIt.Operator.Planning.Fleet;

/// <summary>What to do about a fleet, and why.</summary>
public sealed record FleetDecision
{
    /// <summary>How many pods should take rooms.</summary>
    public required int Desired { get; init; }

    /// <summary>Why that many, in words.</summary>
    public required string Reason { get; init; }

    /// <summary>What is to be done, in this order. Each may be done twice without harm, and any may be left for the next plan.</summary>
    public required IReadOnlyList<InstanceAction> Actions { get; init; }

    /// <summary>The verdict on every instance, in the order in which they were observed.</summary>
    public required IReadOnlyList<InstanceVerdict> Verdicts { get; init; }

    public required FleetStatus Status { get; init; }

    /// <summary>To be given to the next plan.</summary>
    public required ScalingMemory Memory { get; init; }

    /// <summary>When to plan again although nothing new was observed; null when time alone changes nothing.</summary>
    public DateTimeOffset? NextDeadline { get; init; }
}
