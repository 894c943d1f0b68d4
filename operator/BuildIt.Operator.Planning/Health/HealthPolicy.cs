namespace BuildIt.Operator.Planning.Health;

/// <summary>When a witness is believed.</summary>
public static class HealthPolicy
{
    /// <summary>A heartbeat older than this is expired. The registry keeps one as long.</summary>
    public static readonly TimeSpan HeartbeatExpiry = TimeSpan.FromSeconds(5);

    /// <summary>So many probes in a row must fail: one lost packet is no witness.</summary>
    public const int ProbeFailures = 2;

    /// <summary>
    /// After the whole fleet was silent its pods are heard again one by one. For so long silence alone proves nothing, else
    /// the first to be heard would condemn the others.
    /// </summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromSeconds(15);

    /// <summary>A pod that has not become ready by then is reported. It is not replaced: the next one would fare no better.</summary>
    public static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
}
