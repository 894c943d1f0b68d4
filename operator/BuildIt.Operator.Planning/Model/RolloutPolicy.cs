namespace BuildIt.Operator.Planning.Model;

/// <summary>How a fleet moves to a new revision.</summary>
public sealed record RolloutPolicy
{
    public static readonly RolloutPolicy Default = new();

    /// <summary>
    /// Pods beyond the desired number while a rollout goes on; a share is of the desired number. Less than one counts as one,
    /// for none ever goes before its successor is ready.
    /// </summary>
    public PodAmount MaxSurge { get; init; } = new(1);

    /// <summary>Pods beyond <paramref name="desired"/> that a rollout may have.</summary>
    public int SurgeOver(int desired) => Math.Max(1, MaxSurge.Of(desired));

    /// <summary>Pods of the new revision that prove it first; 0 for no canary.</summary>
    public int CanaryPods { get; init; }

    /// <summary>How long the canary must have been ready without a break before the rest follows.</summary>
    public TimeSpan CanaryPause { get; init; }
}
