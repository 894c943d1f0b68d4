using System.Text.Json;
using BuildIt.Operator.Api;
using BuildIt.Operator.Clusters;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Replay;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Leadership;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BuildIt.Operator.Debugging;

/// <summary>
/// Tells a person who may ask what the operator sees and why it does what it does, as JSON: names, numbers and reasons; no
/// address, token or key. Only the leader has an answer.
/// </summary>
internal sealed class DebugEndpoints(
    DebugAccess access, LeaderElector leader, FleetJournal fleets, RoomInspector rooms, FleetOptions options, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/debug/fleets/{ns}/{name}", context => AnswerAsync(context, SfuCluster.Plural, FleetOf));
        routes.MapGet("/debug/rooms/{ns}/{name}", context => AnswerAsync(context, ConferenceRoom.Plural, rooms.Of));
    }

    private FleetAccount? FleetOf(ObjectKey key) => fleets.LastOf(key) is { } last
        ? new FleetAccount { At = time.GetUtcNow(), DefaultImage = options.NodeImage, Last = last, Journal = fleets.Read(key) }
        : null;

    private async Task AnswerAsync<T>(HttpContext context, string resource, Func<ObjectKey, T?> find)
        where T : class
    {
        var key = new ObjectKey((string)context.GetRouteValue("ns")!, (string)context.GetRouteValue("name")!);
        if (!leader.MayWrite)
        {
            await RefuseAsync(context, StatusCodes.Status503ServiceUnavailable, "this replica does not lead; ask the one that does").ConfigureAwait(false);
            return;
        }

        var verdict = await access.ReviewAsync(TokenOf(context.Request), resource, key, context.RequestAborted).ConfigureAwait(false);
        if (!verdict.IsGranted)
        {
            await RefuseAsync(context, verdict.Status, verdict.Reason).ConfigureAwait(false);
        }
        else if (find(key) is { } account)
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.CacheControl = "no-store";
            await JsonSerializer.SerializeAsync(context.Response.Body, account, PlanningJson.Options, context.RequestAborted).ConfigureAwait(false);
        }
        else
        {
            await RefuseAsync(context, StatusCodes.Status404NotFound, $"nothing is known of {resource} {key}").ConfigureAwait(false);
        }
    }

    private static string? TokenOf(HttpRequest request) => request.Headers[DebugApi.TokenHeader].ToString() is { Length: > 0 } given
        ? given
        : request.Headers.Authorization.ToString() is { } header && header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header["Bearer ".Length..].Trim() : null;

    private static Task RefuseAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(reason + "\n", context.RequestAborted);
    }
}
