using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Telemetry;

namespace BuildIt.RoomApi.Operations;

/// <summary>Health and metrics, on a port that is not for the public.</summary>
public sealed class OperationsEndpoints(RoomApiMetrics metrics, RedisConnection redis, IHostApplicationLifetime lifetime)
{
    public const string Liveness = "/healthz";
    public const string Readiness = "/readyz";
    public const string MetricsPath = "/metrics";

    public async Task HandleAsync(HttpContext context)
    {
        var response = context.Response;
        switch (context.Request.Path.Value)
        {
            case Liveness:
                await response.WriteAsync("ok\n", context.RequestAborted);
                break;
            case Readiness:
                // Redis or the API server being away changes nothing: every replica would be as badly off, and a clear
                // refusal is better than no answer.
                var stopping = lifetime.ApplicationStopping.IsCancellationRequested;
                response.StatusCode = stopping ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
                await response.WriteAsync(stopping ? "stopping\n" : "ok\n", context.RequestAborted);
                break;
            case MetricsPath:
                metrics.RegistryUp.Set(redis.IsConnected ? 1 : 0);
                response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
                await metrics.Registry.CollectAndExportAsTextAsync(response.Body, context.RequestAborted);
                break;
            default:
                response.StatusCode = StatusCodes.Status404NotFound;
                break;
        }
    }
}
