using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Heartbeats;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.State;
using BuildIt.Sfu.Signaling.Api;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>What the operator may ask of a node, over mutual TLS.</summary>
public static partial class ControlEndpoints
{
    /// <summary>Largest body of what the operator says, in bytes.</summary>
    public const int MaxBody = 64 * 1024;

    public static void MapControl(this IEndpointRouteBuilder routes)
    {
        routes.MapGet(NodePaths.Probe, (HeartbeatSource source, ServingLease lease, TimeProvider time) =>
        {
            // Counted from the answer's start: the operator counts from the end.
            lease.Renew(time.GetTimestamp(), ServingLease.ProbeTerm);
            return Results.Json(source.Next(), ContractJson.Default.Heartbeat);
        });
        routes.MapGet(NodePaths.Drain, (NodeLifecycle lifecycle) => Results.Json(lifecycle.Status(), ContractJson.Default.DrainStatus));
        routes.MapDelete(NodePaths.Drain, (NodeLifecycle lifecycle, ILogger<NodeLifecycle> logger) =>
        {
            LogUndrain(logger);
            return Results.Json(lifecycle.Undrain(), ContractJson.Default.DrainStatus);
        });
        routes.MapPost(NodePaths.Drain, DrainAsync);
    }

    private static async Task<IResult> DrainAsync(
        HttpContext context,
        NodeLifecycle lifecycle,
        INodeActivity activity,
        RequestBodies bodies,
        TimeProvider time,
        ILogger<NodeLifecycle> logger)
    {
        var (body, fault) = await bodies.ReadAsync(context.Request, MaxBody);
        if (fault != BodyFault.None || !ContractJson.TryRead(body, ContractJson.Default.DrainCommand, out var command))
        {
            return Results.Text("The body must be the JSON of a drain command with a deadline.\n", statusCode: StatusCodes.Status400BadRequest);
        }

        LogDrain(logger, command.Mode, command.Deadline, command.Reason);
        lifecycle.Drain(command, time.GetUtcNow());
        if (lifecycle.Observe(activity.Rooms, activity.Participants, time.GetUtcNow()).HasFlag(LifecycleActions.ReconnectClients))
        {
            activity.ReconnectEverybody();
        }

        return Results.Json(lifecycle.Status(), ContractJson.Default.DrainStatus);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Drain ({Mode}) until {Deadline:u}: {Reason}")]
    private static partial void LogDrain(ILogger logger, DrainMode mode, DateTimeOffset deadline, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The drain was called back")]
    private static partial void LogUndrain(ILogger logger);
}
