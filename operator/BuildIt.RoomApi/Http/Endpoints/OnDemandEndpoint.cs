using System.Diagnostics;
using BuildIt.RoomApi.Telemetry;
using BuildIt.RoomApi.Tokens;
using BuildIt.Sfu.Contracts;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>
/// Where nodes of the fleet have rooms created (<see cref="RoomCreation"/>). Not on the public port, and nothing for
/// applications: these ask a node, which checks what their token allows.
/// </summary>
public sealed class OnDemandEndpoint(OnDemandRooms rooms, JoinTokens tokens)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method) || context.Request.Path.HasValue)
        {
            throw new ApiProblem(StatusCodes.Status404NotFound, "not-found", $"There is only POST {RoomCreation.Path}.");
        }

        if (RequestGate.TokenIn(context.Request.Headers.Authorization.ToString()) is not { } token || await tokens.MayCreateAsync(token) is not { } room)
        {
            throw Unauthorized();
        }

        var body = await RequestGate.ReadBodyAsync(context.Request, context.RequestAborted);
        if (!ContractJson.TryRead(body.Span, ContractJson.Default.RoomCreation, out var asked))
        {
            throw ApiProblem.BadRequest("The body must be the JSON of a room's creation.");
        }

        if (room != asked.Room.Value)
        {
            throw Unauthorized();
        }

        // Whoever holds a key of the fleet may say what this is part of.
        using var span = OwnSpans.Start(RoomApiSpans.Source, RoomApiSpans.Create, ActivityKind.Server, OwnSpans.Read(context.Request.Headers.TraceParent.ToString()));
        await rooms.CreateAsync(asked, context.RequestAborted);
    }

    private static ApiProblem Unauthorized() =>
        ApiProblem.Unauthorized("Send a bearer token signed with a key of the fleet, which may create this room and ends within half a minute.");
}
