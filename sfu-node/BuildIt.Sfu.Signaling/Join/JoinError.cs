namespace BuildIt.Sfu.Signaling.Join;

/// <summary>Why a connection was refused, as clients are told: an HTTP status and a text body.</summary>
/// <param name="Status">HTTP status code.</param>
/// <param name="Text">Body; JavaScript clients compare some of it.</param>
public sealed record JoinError(int Status, string Text)
{
    public static readonly JoinError NoToken = new(401, "no permissions to access the room");

    public static readonly JoinError InvalidToken = new(401, "invalid authorization token");

    public static readonly JoinError JoinNotAllowed = new(401, "permissions denied");

    public static readonly JoinError NoIdentity = new(400, "identity cannot be empty");

    public static readonly JoinError NoRoom = new(400, "room name cannot be empty");

    public static readonly JoinError NameTooLong = new(400, "room name or identity is too long");

    public static readonly JoinError TooLarge = new(400, "metadata or attributes exceed the limits");

    public static readonly JoinError RoomSaysTooMuch =
        new(429, "the room's metadata and attributes exceed what newcomers can be told: join with less of them");

    public static readonly JoinError InvalidJoinRequest = new(400, "invalid join request");

    /// <summary>JavaScript clients take a 404 with this text as final; any other 404 makes them fall back to v0.</summary>
    public static readonly JoinError RoomNotFound = new(404, "requested room does not exist");

    public static readonly JoinError TokenRevoked = new(401, "the token has been revoked");

    public static readonly JoinError RoomLocked = new(403, "the room is locked");

    public static readonly JoinError RoomFull = new(429, "room has exceeded its max participants");

    public static readonly JoinError NodeFull = new(503, "no response from servers: node is at capacity");

    public static readonly JoinError Unavailable = new(503, "the room is not available at present");
}
