using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Configuration;
using BuildIt.Sfu.Node.Load;
using BuildIt.Sfu.Node.Registry;
using BuildIt.Sfu.Node.State;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>Liveness, readiness and the plan's health document.</summary>
public static class HealthEndpoints
{
    /// <summary>Over this share of any capacity the node calls itself degraded.</summary>
    private const double Overloaded = 1.0;

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        // Liveness says only that the process runs: anything more kills pods that serve people.
        routes.MapGet(NodePaths.Liveness, () => Results.Text("ok\n"));
        routes.MapGet(NodePaths.Readiness, (NodeLifecycle lifecycle) =>
            lifecycle.State == NodeState.Serving
                ? Results.Text("ready\n")
                : Results.Text($"{lifecycle.State.ToString().ToLowerInvariant()}\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        routes.MapGet(NodePaths.Health, (NodeSettings settings, NodeLifecycle lifecycle, LoadMonitor monitor, INodeRegistry registry) =>
            Results.Json(Judge(settings, lifecycle.State, monitor.Current, registry.Reachable), ContractJson.Default.NodeHealth));
    }

    internal static NodeHealth Judge(NodeSettings settings, NodeState state, NodeLoad load, bool registryReachable)
    {
        var highest = LoadFractions.Of(load, settings.Capacity).Highest;
        return new NodeHealth
        {
            Status = state == NodeState.Starting ? NodeHealthStatus.Unhealthy
                : state != NodeState.Serving || highest >= Overloaded || !registryReachable ? NodeHealthStatus.Degraded
                : NodeHealthStatus.Healthy,
            Load = Math.Clamp(highest, 0, 1),
            ActiveRooms = load.Rooms,
            ActiveParticipants = load.Participants,
            CpuUsage = load.Cpu,
            MemoryUsage = load.Memory,
            NetworkIn = load.IngressBitsPerSecond,
            NetworkOut = load.EgressBitsPerSecond,
        };
    }
}
