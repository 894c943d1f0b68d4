using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Instances;

/// <summary>One thing to do about one pod, and why. Doing it twice changes nothing more.</summary>
public sealed record InstanceAction(InstanceActionKind Kind, string Instance, string Reason)
{
    /// <summary>For <see cref="InstanceActionKind.Create"/>: the revision of the new pod.</summary>
    public string? Revision { get; init; }

    /// <summary>For <see cref="InstanceActionKind.Drain"/>: until when those it serves may stay. To be recorded on the pod.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>For <see cref="InstanceActionKind.Drain"/>: to be recorded on the pod.</summary>
    public DrainCause Cause { get; init; }

    /// <summary>For <see cref="InstanceActionKind.Drain"/>: whether its rooms move or are waited for.</summary>
    public DrainMode Mode { get; init; }
}

/// <summary>What may be done about a pod.</summary>
public enum InstanceActionKind
{
    Create,

    /// <summary>Record the drain on the pod, and tell the node: no new rooms.</summary>
    Drain,

    /// <summary>Take the record of the drain off the pod, and tell the node to go on.</summary>
    CallBack,

    /// <summary>The deadline is over: record it on the pod, and tell the node to send its clients elsewhere now.</summary>
    Reconnect,
    Delete,
}
