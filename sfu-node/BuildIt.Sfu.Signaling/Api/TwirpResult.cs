using Google.Protobuf;

namespace BuildIt.Sfu.Signaling.Api;

/// <summary>A response or an error; or neither, when the request was passed on and answered elsewhere.</summary>
internal readonly record struct TwirpResult(IMessage? Response, TwirpError? Error)
{
    public static readonly TwirpResult PassedOn;

    public static implicit operator TwirpResult(TwirpError error) => new(null, error);

    public static TwirpResult Ok(IMessage response) => new(response, null);
}

/// <summary>A Twirp error: its code, and what to tell.</summary>
/// <param name="Code">One of the codes of the Twirp specification, version 7.</param>
/// <param name="Message">For people.</param>
public sealed record TwirpError(string Code, string Message)
{
    public IReadOnlyDictionary<string, string> Meta { get; init; } = new Dictionary<string, string>();

    public int Status => Code switch
    {
        "canceled" or "deadline_exceeded" => 408,
        "invalid_argument" or "malformed" or "out_of_range" => 400,
        "not_found" or "bad_route" => 404,
        "already_exists" or "aborted" => 409,
        "permission_denied" => 403,
        "unauthenticated" => 401,
        "resource_exhausted" => 429,
        "failed_precondition" => 412,
        "unimplemented" => 501,
        "unavailable" => 503,
        _ => 500,
    };

    public static TwirpError InvalidArgument(string message) => new("invalid_argument", message);

    public static TwirpError NotFound(string message) => new("not_found", message);
}
