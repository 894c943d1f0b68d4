namespace BuildIt.Operator.Rooms;

/// <summary>Reasons of a ConferenceRoom's Events and conditions.</summary>
internal static class RoomEvents
{
    public const string Placed = "Placed";
    public const string Waiting = "NoCapacity";
    public const string FailedOver = "FailedOver";
    public const string OwnerLost = "OwnerLost";
    public const string OwnerSilent = "OwnerSilent";
    public const string Migrating = "Migrating";
    public const string MoveRefused = "MoveRefused";
    public const string Serving = "Serving";
    public const string Recovering = "Recovering";
    public const string Quarantined = "Quarantined";
    public const string Ended = "Ended";
    public const string Deleting = "Deleting";
    public const string RegistryUnreachable = "RegistryUnreachable";
    public const string SeatAdded = "SeatAdded";
    public const string SeatMoved = "SeatMoved";
    public const string SeatRemoved = "SeatRemoved";
    public const string SeatPromoted = "SeatPromoted";
    public const string Renumbered = "Renumbered";
}
