using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Health;

/// <summary>What each of the witnesses says about one instance.</summary>
/// <param name="Heartbeat">The registry's word.</param>
/// <param name="CountsFrom">
/// From when its silence in the registry counts; null while it is not expected to be heard: it has not started yet, or nobody ever
/// heard it.
/// </param>
/// <param name="ProbeFailed">The operator's own probe has failed for long enough.</param>
/// <param name="NodeSilent">Kubernetes does not hear from its node.</param>
/// <param name="KubernetesSaysGone">Kubernetes says that it has failed, or does not know its node any more.</param>
internal readonly record struct Witnesses(HeartbeatWord Heartbeat, DateTimeOffset? CountsFrom, bool ProbeFailed, bool NodeSilent, bool KubernetesSaysGone)
{
    public static Witnesses Of(InstanceObservation instance, DateTimeOffset? registryReachableSince, DateTimeOffset now)
    {
        var from = CountFrom(instance, registryReachableSince);
        return new(
            WordOf(instance, from, registryReachableSince, now),
            from,
            instance.ProbeFailures >= HealthPolicy.ProbeFailures && now - instance.ProbeFailingSince >= HealthPolicy.ProbeSilence,
            instance.NodeSilent,
            instance.NodeGone || instance.Phase is PodPhase.Failed);
    }

    /// <summary>
    /// Two independent witnesses say that the instance is dead: the probe, and either the registry or, where that has nothing to say
    /// because it may have died on the same machine, the kubelet. A heartbeat that arrives outweighs the kubelet.
    /// </summary>
    public bool Silent => ProbeFailed && (Heartbeat is HeartbeatWord.Expired || (NodeSilent && Heartbeat is HeartbeatWord.Unknown));

    /// <summary>It would be heard if it lived.</summary>
    public bool IsExpected => CountsFrom is not null || NodeSilent;

    // What died together with the operator that heard it was never heard by this one. It would have been since the registry could be
    // read, if it lived; until then nobody knows.
    private static DateTimeOffset? CountFrom(InstanceObservation instance, DateTimeOffset? reachableSince)
    {
        if (instance.LastHeartbeat is { } last)
        {
            return last > reachableSince ? last : reachableSince ?? last;
        }

        return instance.HasServed || instance.ReadySince < reachableSince ? reachableSince : null;
    }

    private static HeartbeatWord WordOf(InstanceObservation instance, DateTimeOffset? from, DateTimeOffset? reachableSince, DateTimeOffset now)
    {
        if (now - instance.LastHeartbeat <= HealthPolicy.HeartbeatExpiry)
        {
            return HeartbeatWord.Heard;
        }

        // While the registry is away it has nothing to say, and after it came back the nodes need a moment to write again.
        return reachableSince is not null && now - from > HealthPolicy.HeartbeatExpiry ? HeartbeatWord.Expired : HeartbeatWord.Unknown;
    }
}

/// <summary>What is known of an instance's heartbeat.</summary>
internal enum HeartbeatWord
{
    /// <summary>The registry cannot be read, or not for long enough, or the instance is not expected to write to it yet.</summary>
    Unknown,
    Heard,
    Expired,
}
