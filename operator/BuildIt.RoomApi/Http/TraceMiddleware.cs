using System.Diagnostics;
using BuildIt.RoomApi.Telemetry;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.RoomApi.Http;

/// <summary>
/// Makes spans of the requests whose endpoints say so. Each begins a trace: what a stranger's headers say of one is not believed, or
/// whoever asks would decide what is kept.
/// </summary>
public sealed class TraceMiddleware(RequestDelegate next)
{
    public async Task InvokeAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        using var span = context.GetEndpoint()?.Metadata.GetMetadata<TraceMetadata>() is { } traced
            ? OwnSpans.Start(RoomApiSpans.Source, traced.Span, ActivityKind.Server, default)
            : null;
        await next(context);
        span?.SetTag(SpanTags.StatusCode, context.Response.StatusCode);
        if (context.Response.StatusCode >= StatusCodes.Status500InternalServerError)
        {
            span?.SetStatus(ActivityStatusCode.Error);
        }
    }
}

/// <summary>Has requests of an endpoint traced.</summary>
/// <param name="Span">The name of the span.</param>
public sealed record TraceMetadata(string Span);
