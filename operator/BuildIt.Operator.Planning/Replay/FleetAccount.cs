using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Model;

namespace BuildIt.Operator.Planning.Replay;

/// <summary>One round for a fleet: what was seen, when, and what was decided. The planner makes the same of it anywhere.</summary>
/// <param name="At">The time the plan was made for.</param>
/// <param name="Observation">What it was made from. Names that were used long ago are left away.</param>
/// <param name="Decision">What came of it.</param>
public sealed record FleetRecord(DateTimeOffset At, FleetObservation Observation, FleetDecision Decision);

/// <summary>What the operator says of a fleet when asked: its last round, and what it decided before.</summary>
public sealed record FleetAccount
{
    /// <summary>When it was asked.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The image of nodes whose fleet names none: part of what a revision is worked out from.</summary>
    public required string DefaultImage { get; init; }

    public required FleetRecord Last { get; init; }

    /// <summary>What was decided lately, oldest first.</summary>
    public IReadOnlyList<JournalEntry> Journal { get; init; } = [];
}
