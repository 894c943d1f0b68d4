namespace BuildIt.Operator.Planning.Status;

/// <summary>What the status of a fleet should say.</summary>
public sealed record FleetStatus
{
    /// <summary>Pods that take rooms now or will once they have started.</summary>
    public required int Replicas { get; init; }

    /// <summary>Pods that take rooms.</summary>
    public required int ReadyReplicas { get; init; }

    public required int DrainingReplicas { get; init; }

    /// <summary>Pods of the current revision that are not being drained.</summary>
    public required int UpdatedReplicas { get; init; }

    public required int Rooms { get; init; }

    public required int Participants { get; init; }

    /// <summary>The highest load over all metrics as a fraction of what the ready pods can carry.</summary>
    public required double Load { get; init; }

    /// <summary>Available, Progressing, Degraded, ScalingLimited and Paused, always all of them and in this order.</summary>
    public required IReadOnlyList<PlannedCondition> Conditions { get; init; }
}

/// <summary>A condition by the Kubernetes convention, without times: those belong to whoever writes it.</summary>
public readonly record struct PlannedCondition(string Type, bool Status, string Reason, string Message);

/// <summary>Types of a fleet's conditions.</summary>
public static class FleetConditions
{
    public const string Available = "Available";
    public const string Progressing = "Progressing";
    public const string Degraded = "Degraded";
    public const string ScalingLimited = "ScalingLimited";
    public const string Paused = "Paused";
}
