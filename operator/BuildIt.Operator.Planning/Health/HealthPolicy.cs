namespace BuildIt.Operator.Planning.Health;

/// <summary>When a witness is believed.</summary>
public static class HealthPolicy
{
    /// <summary>A heartbeat older than this is expired. The registry keeps one as long.</summary>
    public static readonly TimeSpan HeartbeatExpiry = TimeSpan.FromSeconds(5);

    /// <summary>So many probes in a row must fail: one lost packet is no witness.</summary>
    public const int ProbeFailures = 2;

    /// <summary>A pod that has not become ready by then is reported. It is not replaced: the next one would fare no better.</summary>
    public static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
}
