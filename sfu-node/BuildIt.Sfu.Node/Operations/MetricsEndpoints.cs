using BuildIt.Sfu.Contracts;
using Prometheus;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>Prometheus text.</summary>
public static class MetricsEndpoints
{
    public static void MapMetrics(this IEndpointRouteBuilder routes) => routes.MapGet(NodePaths.Metrics, async (HttpContext context, NodeMetrics metrics) =>
    {
        metrics.Collect();
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await metrics.Registry.CollectAndExportAsTextAsync(context.Response.Body, context.RequestAborted);
    });
}
