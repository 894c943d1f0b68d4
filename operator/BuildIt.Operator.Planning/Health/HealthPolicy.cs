namespace BuildIt.Operator.Planning.Health;

/// <summary>When a witness is believed.</summary>
public static class HealthPolicy
{
    /// <summary>A heartbeat older than this is expired. The registry keeps one as long.</summary>
    public static readonly TimeSpan HeartbeatExpiry = TimeSpan.FromSeconds(5);

    /// <summary>So many probes in a row must fail: one lost packet is no witness.</summary>
    public const int ProbeFailures = 2;

    /// <summary>
    /// And they must have failed for so long. A node that answered a probe may let people into its rooms for 3 s from then on; the
    /// first failure comes at least a second after the last answer.
    /// </summary>
    public static readonly TimeSpan ProbeSilence = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The most by which the last heartbeats of pods that fell silent together may lie apart: each is written once a second and read
    /// once a second, and either may be late. Somebody who was heard later than this after a pod's last heartbeat shows that what
    /// ended is that pod, and not the way to all of them.
    /// </summary>
    public static readonly TimeSpan Spread = TimeSpan.FromSeconds(3);

    /// <summary>How soon a verdict that waits for news of the others is looked at again.</summary>
    public static readonly TimeSpan Recheck = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// After the whole fleet was silent its pods are heard again one by one. For so long silence alone proves nothing, else
    /// the first to be heard would condemn the others.
    /// </summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(15);

    /// <summary>A pod that has just become ready is given so long for its first answer to the operator's probe, and is starting until then.</summary>
    public static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(10);

    /// <summary>A pod that has not become ready by then is reported. It is not replaced: the next one would fare no better.</summary>
    public static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
}
