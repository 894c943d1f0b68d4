namespace BuildIt.Sfu.Contracts;

/// <summary>
/// What a node asks the room-api for, when somebody wants a room that does not exist. It is posted as JSON to
/// <see cref="Path"/> with a bearer token that a key of the fleet signed, which carries <c>roomCreate</c> for this one room and
/// ends within <see cref="TokenLifetime"/>. Answered when the room is placed; asking again does no harm.
/// </summary>
public sealed record RoomCreation
{
    /// <summary>On the room-api's port that is not for the public.</summary>
    public const string Path = "/internal/v1/rooms";

    /// <summary>The longest a token for this may still be valid.</summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromSeconds(30);

    public required RoomId Room { get; init; }

    /// <summary>The region that was asked; the room is placed there if there is a place.</summary>
    public string Region { get; init => field = value ?? string.Empty; } = string.Empty;

    /// <summary>Participants that may be in the room at once; 0 for the default.</summary>
    public int MaxParticipants { get; init; }

    /// <summary>How long the room is kept while nobody has joined; 0 for the default.</summary>
    public int EmptyTimeoutSeconds { get; init; }

    /// <summary>How long it is kept after its last participant left; 0 for the default.</summary>
    public int DepartureTimeoutSeconds { get; init; }
}
