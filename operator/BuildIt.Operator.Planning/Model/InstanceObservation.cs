namespace BuildIt.Operator.Planning.Model;

/// <summary>One pod of a fleet as Kubernetes, the registry and the operator's own probe show it.</summary>
public sealed record InstanceObservation
{
    public required string Name { get; init; }

    public required string Revision { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public PodPhase Phase { get; init; } = PodPhase.Running;

    /// <summary>Since when Kubernetes has called the pod ready without a break; null while it is not ready.</summary>
    public DateTimeOffset? ReadySince { get; init; }

    /// <summary>The Kubernetes node the pod runs on takes no new pods.</summary>
    public bool NodeCordoned { get; init; }

    /// <summary>A person asked for the pod to be drained.</summary>
    public bool DrainRequested { get; init; }

    /// <summary>Kubernetes no longer knows the node the pod ran on.</summary>
    public bool NodeGone { get; init; }

    /// <summary>
    /// Kubernetes does not hear from the kubelet beside the pod, or hears from it that it is not well. A witness like the heartbeat:
    /// alone it proves nothing.
    /// </summary>
    public bool NodeSilent { get; init; }

    /// <summary>
    /// Kubernetes says that its process has ended and starts it again, or will. Whoever was on it is on it no more; the pod may be
    /// back in seconds.
    /// </summary>
    public bool ProcessEnded { get; init; }

    /// <summary>When the newest heartbeat arrived, by the operator's clock; null when there has been none.</summary>
    public DateTimeOffset? LastHeartbeat { get; init; }

    /// <summary>Since when the operator's own probe has failed every time; null when the last one succeeded or none was made.</summary>
    public DateTimeOffset? ProbeFailingSince { get; init; }

    /// <summary>How many probes in a row have failed.</summary>
    public int ProbeFailures { get; init; }

    /// <summary>It has answered the operator's probe, now or earlier.</summary>
    public bool ProbeAnswered { get; init; }

    /// <summary>
    /// Rooms are placed on it, so that it has been heard before, if only by an operator before this one: nobody else gets rooms.
    /// </summary>
    public bool HasServed { get; init; }

    /// <summary>
    /// The last load the pod reported, even when that is old; null when it never has. A room that has moved away and is only
    /// being relayed is counted at its new pod alone.
    /// </summary>
    public PodLoad? Load { get; init; }

    /// <summary>Rooms whose placement names this pod, whether it reports them yet or not.</summary>
    public int AssignedRooms { get; init; }

    /// <summary>The node itself says that it is drained and serves nobody.</summary>
    public bool ReportsDrained { get; init; }

    /// <summary>When its drain was begun, as recorded on the pod; null when it is not being drained.</summary>
    public DateTimeOffset? DrainStartedAt { get; init; }

    /// <summary>Until when those it serves may stay, as recorded on the pod.</summary>
    public DateTimeOffset? DrainDeadline { get; init; }

    /// <summary>Why it is being drained, as recorded on the pod.</summary>
    public DrainCause DrainCause { get; init; }

    /// <summary>When its last clients were asked to reconnect elsewhere, as recorded on the pod.</summary>
    public DateTimeOffset? ReconnectAskedAt { get; init; }

    public bool IsDraining => DrainStartedAt is not null;

    /// <summary>True while somebody is on the pod or is about to be sent there.</summary>
    public bool IsBusy => AssignedRooms > 0 || Load is { IsEmpty: false };
}

/// <summary>How far the pod has come in Kubernetes's eyes.</summary>
public enum PodPhase
{
    /// <summary>Not yet running: unscheduled, or its images are on their way.</summary>
    Pending,
    Running,

    /// <summary>Its process has ended well; a drained node does so.</summary>
    Succeeded,
    Failed,

    /// <summary>It was deleted and has not gone yet.</summary>
    Terminating,
}

/// <summary>What began a drain. It decides whether the drain may be called back.</summary>
public enum DrainCause
{
    None,

    /// <summary>Fewer pods are wanted.</summary>
    ScaleDown,

    /// <summary>The pod is of an old revision.</summary>
    Rollout,

    /// <summary>Its Kubernetes node is to be emptied.</summary>
    Cordon,

    /// <summary>The fleet is being deleted.</summary>
    Deletion,

    /// <summary>A person asked for it.</summary>
    Manual,
}
