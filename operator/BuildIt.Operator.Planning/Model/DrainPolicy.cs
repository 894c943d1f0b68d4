namespace BuildIt.Operator.Planning.Model;

/// <summary>How a pod is emptied before it goes.</summary>
public sealed record DrainPolicy
{
    public static readonly DrainPolicy Default = new();

    /// <summary>
    /// After its drain began, a pod counts as empty only by a heartbeat at least so much younger: an older one may have been
    /// written before the last room arrived.
    /// </summary>
    public static readonly TimeSpan Settle = TimeSpan.FromSeconds(2);

    /// <summary>How long clients get to leave after they were asked to, once the deadline is over.</summary>
    public static readonly TimeSpan ReconnectGrace = TimeSpan.FromSeconds(10);

    /// <summary>How long those on the pod may stay.</summary>
    public TimeSpan Deadline { get; init; } = TimeSpan.FromMinutes(10);

    public DrainMode Mode { get; init; } = DrainMode.Migrate;

    /// <summary>The most pods drained at a time; 0 for no limit.</summary>
    public int MaxConcurrent { get; init; } = 1;
}

/// <summary>What is done with the rooms of a pod that is to go.</summary>
public enum DrainMode
{
    Migrate,
    Wait,
}
