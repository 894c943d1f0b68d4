namespace BuildIt.Operator.Planning.Model;

/// <summary>What a fleet's planner remembers from plan to plan. Losing it only makes the fleet slower to shrink.</summary>
public sealed record ScalingMemory
{
    /// <summary>The number of pods the last plan decided.</summary>
    public required int Desired { get; init; }

    /// <summary>The most that was wanted within the scale-down window.</summary>
    public SlidingExtreme Highest { get; init; } = SlidingExtreme.Empty;

    /// <summary>The least that was wanted within the scale-up window.</summary>
    public SlidingExtreme Lowest { get; init; } = SlidingExtreme.Empty;

    /// <summary>When the whole fleet was last found silent.</summary>
    public DateTimeOffset? SilentAt { get; init; }

    public DateTimeOffset? LastUp { get; init; }

    public DateTimeOffset? LastDown { get; init; }
}
