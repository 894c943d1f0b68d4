namespace BuildIt.Sfu.Contracts;

/// <summary>
/// A room whose route a node refuses, because it remembers a newer placement of that name or its end: the registry was lost, or
/// the room was made anew when nobody but this node knew of the one before.
/// </summary>
public sealed record RoomFence
{
    public required RoomId Room { get; init; }

    /// <summary>The lowest generation that the node believes.</summary>
    public required long Generation { get; init; }
}
