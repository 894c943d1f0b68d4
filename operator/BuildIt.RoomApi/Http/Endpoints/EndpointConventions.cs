using BuildIt.RoomApi.Http.Messages;
using Microsoft.AspNetCore.Mvc;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>What endpoints say about themselves, to the gate and to the OpenAPI document.</summary>
internal static class EndpointConventions
{
    private const string Problem = "application/problem+json";
    private const string Json = "application/json";

    public static RouteHandlerBuilder Guarded(
        this RouteHandlerBuilder builder, GatePolicy policy, string name, string summary, int maxBody = RequestGate.MaxBody)
    {
        builder.WithMetadata(new GateMetadata(policy, maxBody)).WithName(name).WithSummary(summary);
        if (policy != GatePolicy.Public)
        {
            builder.Refuses(401, 413, 415);
        }

        return builder.Refuses(429, 503);
    }

    /// <summary>Has its requests traced, by a span of this name.</summary>
    public static RouteHandlerBuilder Traced(this RouteHandlerBuilder builder, string span) => builder.WithMetadata(new TraceMetadata(span));

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder builder, bool optional = true)
        where T : notnull => builder.Accepts<T>(optional, Json).Refuses(400);

    public static RouteHandlerBuilder Gives<T>(this RouteHandlerBuilder builder, int status = StatusCodes.Status200OK) =>
        builder.Produces<T>(status, Json);

    /// <summary>The refusals of every endpoint about one room, and further ones.</summary>
    public static RouteHandlerBuilder AboutRoom(this RouteHandlerBuilder builder, params int[] further) => builder.Refuses([403, 404, 410, .. further]);

    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder builder, params int[] statuses)
    {
        foreach (var status in statuses)
        {
            builder.Produces<ProblemDetails>(status, Problem);
        }

        return builder;
    }

    /// <summary>Refusals that say where a room's log stands.</summary>
    public static RouteHandlerBuilder RefusesCommits(this RouteHandlerBuilder builder, params int[] statuses)
    {
        foreach (var status in statuses)
        {
            builder.Produces<CommitProblem>(status, Problem);
        }

        return builder;
    }

    public static T ReadBody<T>(this HttpContext context)
        where T : class, new() => StrictJson.Read<T>(Caller.Of(context).Body);

    public static IResult Answer<T>(T value, int status = StatusCodes.Status200OK) => Results.Json(value, StrictJson.Options, Json, status);
}
