namespace BuildIt.Operator.Planning.Tests.Simulation;

/// <summary>A room that is created, filled, and left at its time.</summary>
internal sealed class SimulatedRoom
{
    public required string Id { get; init; }

    public required int Size { get; init; }

    public required DateTimeOffset EndsAt { get; init; }

    public string? Instance { get; set; }

    public long Generation { get; set; }

    public DateTimeOffset PlacedAt { get; set; }

    /// <summary>Participants take a moment to come once there is a pod.</summary>
    public int Participants(DateTimeOffset now) => Instance is not null && now - PlacedAt >= TimeSpan.FromSeconds(2) ? Size : 0;
}
