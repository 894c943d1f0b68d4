using System.Diagnostics;
using System.Globalization;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Telemetry;

namespace BuildIt.RoomApi.Http;

/// <summary>Runs the gate and the handler, turns whatever goes wrong into problem+json (RFC 9457), and counts.</summary>
public sealed partial class ProblemMiddleware(RequestDelegate next, RequestGate gate, RoomApiMetrics metrics, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var endpoint = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
        try
        {
            if (context.GetEndpoint()?.Metadata.GetMetadata<GateMetadata>() is { } guarded)
            {
                await gate.PassAsync(context, guarded);
            }

            await next(context);
            if (!context.Response.HasStarted && Unanswered(context) is { } problem)
            {
                await WriteAsync(context, problem);
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: nobody reads an answer.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Translate(e));
        }
        finally
        {

            // Methods are the caller's words, and each would be a series of its own.
            var method = endpoint == "none" ? "none" : context.Request.Method;
            metrics.Requests.WithLabels(endpoint, method, context.Response.StatusCode.ToString(CultureInfo.InvariantCulture)).Inc();
            metrics.Duration.WithLabels(endpoint, method).Observe(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }

    private static ApiProblem? Unanswered(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new(StatusCodes.Status404NotFound, "not-found", "There is nothing at this path: see /openapi/v1.json."),
        StatusCodes.Status405MethodNotAllowed => new(
            StatusCodes.Status405MethodNotAllowed, "method-not-allowed", $"This path does not know {Safe(context.Request.Method)}: see /openapi/v1.json."),
        StatusCodes.Status415UnsupportedMediaType => RequestGate.NotJson(),
        _ => null,
    };

    private static string Safe(string method) => method.Length <= 16 && method.All(char.IsAsciiLetter) ? method : "this method";

    private ApiProblem Translate(Exception e)
    {
        switch (e)
        {
            case ApiProblem problem:
                return problem;
            case RegistryUnavailableException:
                LogAway("Redis", e.InnerException?.GetType().Name ?? "unknown");
                return ApiProblem.RegistryAway();
            case KubernetesUnavailableException:
                LogAway("the Kubernetes API", e.InnerException?.Message ?? "unknown");
                return ApiProblem.KubernetesAway();
            case DecisionOverruledException:
                return ApiProblem.Conflict("revoked", e.Message);
            case ObjectRefusedException:
                return ApiProblem.BadRequest($"The room was refused: {e.Message}");
            case BadHttpRequestException fault:
                return ProtocolFaults.Of(fault);
            default:
                LogUnexpected(e);
                return new ApiProblem(StatusCodes.Status500InternalServerError, "internal-error", "Something went wrong here; it was logged. Ask again later.");
        }
    }

    private async Task WriteAsync(HttpContext context, ApiProblem problem)
    {
        metrics.Refused.WithLabels(problem.Type).Inc();
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = ProblemJson.MediaType;
        response.Headers.CacheControl = "no-store";
        if (problem.Status == StatusCodes.Status401Unauthorized)
        {
            response.Headers.WWWAuthenticate = "Nostr";
        }

        if (problem.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        var body = ProblemJson.Write(problem);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request was refused because {What} does not answer: {Why}")]
    private partial void LogAway(string what, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "A request failed unexpectedly")]
    private partial void LogUnexpected(Exception exception);
}

/// <summary>What the gate asks of an endpoint's callers.</summary>
/// <param name="Policy">Who they may be.</param>
/// <param name="MaxBody">The largest body, in bytes.</param>
public sealed record GateMetadata(GatePolicy Policy, int MaxBody = RequestGate.MaxBody);
