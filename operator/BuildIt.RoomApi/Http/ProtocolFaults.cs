using Microsoft.AspNetCore.Server.Kestrel.Core;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace BuildIt.RoomApi.Http;

/// <summary>What is wrong with a request that is hardly one, in words for the caller. Nothing of the request is repeated.</summary>
internal static class ProtocolFaults
{
    private static readonly KestrelServerLimits Defaults = new();

    /// <summary>The largest headers that are read, all together, in bytes.</summary>
    public const int MaxHeaders = 16 * 1024;

    public static int MaxHeaderCount => Defaults.MaxRequestHeaderCount;

    public static int MaxRequestLine => Defaults.MaxRequestLineSize;

    public static ApiProblem Of(BadHttpRequestException fault) => fault.StatusCode switch
    {
        StatusCodes.Status408RequestTimeout => new(fault.StatusCode, "request-timeout", "The request did not arrive in time: send it again, faster."),
        StatusCodes.Status413PayloadTooLarge => RequestGate.TooLarge(),
        StatusCodes.Status414UriTooLong => new(fault.StatusCode, "path-too-long", $"Path and query must not be longer than {MaxRequestLine} bytes."),
        StatusCodes.Status431RequestHeaderFieldsTooLarge => new(
            fault.StatusCode, "headers-too-large", $"Send at most {MaxHeaderCount} headers, and not more than {MaxHeaders} bytes of them."),
        _ => new(
            fault.StatusCode, "bad-request", "The request is not valid HTTP: look for characters that do not belong into the path or a header, and for lengths that are not true."),
    };
}
