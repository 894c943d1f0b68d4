using System.Globalization;

namespace BuildIt.RoomApi.Http;

/// <summary>
/// A request that is refused, as RFC 9457 describes it: the type for programs, the detail for the person who reads it, which
/// says what to do. Thrown by handlers and turned into the answer in one place.
/// </summary>
public sealed class ApiProblem(int status, string type, string detail) : Exception(detail)
{
    /// <summary>Start of every type.</summary>
    public const string TypePrefix = "urn:buildit:problem:";

    public int Status { get; } = status;

    public string Type { get; } = type;

    /// <summary>When asking again makes sense; null when it does not.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Further members of the answer (RFC 9457 section 3.2), by name.</summary>
    public IReadOnlyDictionary<string, object?> Extensions { get; init; } = new Dictionary<string, object?>();

    public static ApiProblem BadRequest(string detail) => new(StatusCodes.Status400BadRequest, "bad-request", detail);

    public static ApiProblem Unauthorized(string detail) => new(StatusCodes.Status401Unauthorized, "not-authenticated", detail);

    public static ApiProblem Forbidden(string type, string detail) => new(StatusCodes.Status403Forbidden, type, detail);

    public static ApiProblem NoRoom() => new(
        StatusCodes.Status404NotFound, "room-not-found", "There is no room with this id. It may have ended: create a new one with POST /v1/rooms.");

    public static ApiProblem NoParticipant(string detail) => new(StatusCodes.Status404NotFound, "participant-not-found", detail);

    public static ApiProblem Gone() => new(StatusCodes.Status410Gone, "room-ended", "The room has ended: create a new one with POST /v1/rooms.");

    public static ApiProblem Conflict(string type, string detail) => new(StatusCodes.Status409Conflict, type, detail);

    public static ApiProblem TooMany(string what, TimeSpan retryAfter) => new(
        StatusCodes.Status429TooManyRequests,
        "too-many-requests",
        string.Create(CultureInfo.InvariantCulture, $"Too many {what}: ask again in {Math.Ceiling(retryAfter.TotalSeconds):0} seconds."))
    {
        RetryAfter = retryAfter,
    };

    public static ApiProblem RegistryAway() => new(
        StatusCodes.Status503ServiceUnavailable,
        "registry-unavailable",
        "The registry cannot be reached, so nothing was done. Sign the request again and repeat it; conferences go on meanwhile.")
    {
        RetryAfter = TimeSpan.FromSeconds(2),
    };

    public static ApiProblem KubernetesAway() => new(
        StatusCodes.Status503ServiceUnavailable,
        "control-plane-unavailable",
        "The control plane cannot be reached. Sign the request again and repeat it, with the same Idempotency-Key when it creates a room; conferences go on meanwhile.")
    {
        RetryAfter = TimeSpan.FromSeconds(2),
    };

    public static ApiProblem NodeSilent() => new(
        StatusCodes.Status503ServiceUnavailable,
        "node-silent",
        "A node of the room does not answer, so nobody can say whether this participant is connected; nothing was muted. Sign the request again and repeat it.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };

    public static ApiProblem NotReady(string reason) => new(
        StatusCodes.Status503ServiceUnavailable, "room-not-ready", $"The room is not placed yet: {reason} Ask again.")
    {
        RetryAfter = TimeSpan.FromSeconds(1),
    };
}
