using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Node.Routing;
using BuildIt.Sfu.Signaling.Api;

namespace BuildIt.Sfu.Node.Operations;

/// <summary>Routes told by the operator over mutual TLS: a placement takes effect at once, with or without the registry.</summary>
public static class RouteEndpoints
{
    public static void MapRoutes(this IEndpointRouteBuilder routes) => routes.MapPost(NodePaths.Routes, async (HttpContext context, RouteWatch watch, RequestBodies bodies) =>
    {
        var (body, fault) = await bodies.ReadAsync(context.Request, ControlEndpoints.MaxBody);
        if (fault != BodyFault.None || !ContractJson.TryRead(body, ContractJson.Default.RoomRoute, out var route))
        {
            return Results.Text("The body must be the JSON of a room's route.\n", statusCode: StatusCodes.Status400BadRequest);
        }

        var (taken, current) = await watch.TellAsync(route, context.RequestAborted);
        return Results.Json(current, ContractJson.Default.RoomRoute, statusCode: taken ? StatusCodes.Status200OK : StatusCodes.Status409Conflict);
    });
}
