using BuildIt.Operator.Planning.Fleet;

namespace BuildIt.Operator.Planning.Health;

/// <summary>What each of the witnesses says about one instance.</summary>
internal readonly record struct Witnesses(bool HeartbeatExpired, bool ProbeFailed, bool KubernetesSaysGone)
{
    public static Witnesses Of(InstanceObservation instance, DateTimeOffset? registryReachableSince, DateTimeOffset now) => new(
        IsExpired(instance, registryReachableSince, now),
        instance.ProbeFailures >= HealthPolicy.ProbeFailures && now - instance.ProbeFailingSince >= HealthPolicy.ProbeSilence,
        instance.NodeGone || instance.Phase is PodPhase.Failed);

    /// <summary>Both of the fleet's own witnesses say that the instance is dead.</summary>
    public bool Silent => HeartbeatExpired && ProbeFailed;

    // While the registry is away it has nothing to say, and after it came back the nodes need a moment to write again.
    private static bool IsExpired(InstanceObservation instance, DateTimeOffset? reachableSince, DateTimeOffset now)
    {
        if (reachableSince is not { } since || instance.LastHeartbeat is not { } last)
        {
            return false;
        }

        return now - (last > since ? last : since) > HealthPolicy.HeartbeatExpiry;
    }
}
