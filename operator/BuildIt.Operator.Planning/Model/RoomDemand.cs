namespace BuildIt.Operator.Planning.Model;

/// <summary>Room load that no pod reports yet.</summary>
public sealed record RoomDemand
{
    public static readonly RoomDemand None = new();

    /// <summary>Rooms that have no pod: participants expected in each.</summary>
    public IReadOnlyList<int> PendingRooms { get; init; } = [];

    /// <summary>Rooms that have a pod which does not report them yet.</summary>
    public int ReservedRooms { get; init; }

    /// <summary>Participants still expected in rooms that have a pod.</summary>
    public int ReservedParticipants { get; init; }
}
