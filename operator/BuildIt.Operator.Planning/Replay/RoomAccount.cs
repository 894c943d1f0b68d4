using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Planning.Placement;
using BuildIt.Operator.Planning.Rooms;

namespace BuildIt.Operator.Planning.Replay;

/// <summary>What the operator says of a room when asked.</summary>
public sealed record RoomAccount
{
    /// <summary>When it was asked.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The room as it is seen now; null when there is none of that name any more.</summary>
    public RoomObservation? Observation { get; init; }

    /// <summary>What follows from that.</summary>
    public RoomDecision? Decision { get; init; }

    /// <summary>The pods that have it, as they report it themselves.</summary>
    public IReadOnlyList<RoomSeat> Seats { get; init; } = [];

    /// <summary>Where it could go, and why it would not go there; the best first.</summary>
    public IReadOnlyList<PlacementOption> Options { get; init; } = [];

    /// <summary>What was decided lately, oldest first.</summary>
    public IReadOnlyList<JournalEntry> Journal { get; init; } = [];
}

/// <summary>A room on one pod. Sums and averages only, rates in bits per second.</summary>
public sealed record RoomSeat
{
    public required string Instance { get; init; }

    public required Liveness Liveness { get; init; }

    /// <summary>The generation under which the pod serves it.</summary>
    public required long Generation { get; init; }

    public int Participants { get; init; }

    public int Publishers { get; init; }

    public int Subscribers { get; init; }

    public long Ingress { get; init; }

    public long Egress { get; init; }

    /// <summary>Mean round-trip time to the participants in milliseconds; null until measured.</summary>
    public double? RoundTripMilliseconds { get; init; }

    /// <summary>Fraction of packets lost, 0 to 1; null until measured.</summary>
    public double? LossFraction { get; init; }
}
