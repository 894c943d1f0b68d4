using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Identity;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Rooms;
using BuildIt.RoomApi.Usage;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>What can be known of regions and of a room's use.</summary>
public sealed class FleetEndpoints(RoomCalls calls, RoomStore rooms, Pseudonyms names, FleetRegistry registry, TimeProvider time)
{
    /// <summary>Rooms that are summed up at once.</summary>
    private const int MostRooms = 5_000;

    private const int PageSize = 500;

    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/regions", (Delegate)RegionsAsync)
            .Guarded(GatePolicy.Public, "listRegions", "Lists regions, the best for the caller first.")
            .Gives<RegionListResponse>();
        app.MapGet("/v1/rooms/{id}/usage", (Delegate)UsageAsync)
            .Guarded(GatePolicy.Signed, "getUsage", "A room's use in sums and means, without anything about a person; also of a room that has ended, until it is deleted. Hosts and moderators.")
            .Gives<RoomUsage>()
            .Refuses(403, 404);
        app.MapGet("/v1/usage", (Delegate)SummaryAsync)
            .Guarded(GatePolicy.Signed, "sumUsage", "What the rooms that the caller created have used: ?from= and ?to= in milliseconds since 1970, by when they ended; ?by=room, day, month or total. Rooms that were deleted are not in it.")
            .Gives<UsageSummary>()
            .Refuses(400, 410);
    }

    private async Task<IResult> RegionsAsync(HttpContext context)
    {
        var ranked = await calls.FleetsForAsync(context, []);
        return Answer(new RegionListResponse
        {
            Regions =
            [
                .. ranked.DistinctBy(scored => scored.Fleet.Region).Select(scored => new RegionResponse
                {
                    Id = scored.Fleet.Region,
                    Endpoint = scored.Fleet.Endpoint,
                    Country = scored.Fleet.Place.Country,
                    Continent = scored.Fleet.Place.Continent,
                    Score = scored.Score,
                    Load = scored.Fleet.Load,
                    Available = scored.Fleet.Available && !scored.Full,
                }),
            ],
        });
    }

    private async Task<IResult> UsageAsync(HttpContext context, string id)
    {
        var call = (await calls.LoadAsync(context, id, evenOver: true)).RequireModerator();
        var heartbeats = await registry.HeartbeatsAsync(context.RequestAborted);
        return Answer(RoomUsage.Of(id, call.Room.Status?.Usage, heartbeats, await registry.UsageAsync(id, context.RequestAborted), time.GetUtcNow()));
    }

    private async Task<IResult> SummaryAsync(HttpContext context)
    {
        var now = time.GetUtcNow();
        var from = Time(context, "from") ?? DateTimeOffset.UnixEpoch;
        var to = Time(context, "to") ?? now.AddMilliseconds(1);
        var by = context.Request.Query["by"] is { Count: > 0 } asked
            ? asked is [{ } word] && word.All(char.IsAsciiLetterLower) && Enum.TryParse<UsageGrouping>(word, ignoreCase: true, out var grouping)
                ? grouping
                : throw ApiProblem.BadRequest("by must be room, day, month or total.")
            : UsageGrouping.Room;
        if (from >= to)
        {
            throw ApiProblem.BadRequest("from must be before to.");
        }

        var creator = names.Creator(Caller.Of(context).PublicKey.Span);
        var found = new List<ConferenceRoom>();
        string? next = null;
        do
        {
            var page = await rooms.ListAsync(RoomAnnotations.CreatorLabelValue(creator), PageSize, next, context.RequestAborted)
                ?? throw new ApiProblem(StatusCodes.Status410Gone, "list-changed", "The rooms cannot be listed to the end any more: ask again.");
            found.AddRange(page.Rooms.Where(room => room.Spec.CreatedBy == creator));
            next = page.Continue;
        }
        while (next is not null && found.Count < MostRooms);
        return Answer(UsageSummary.Of(found, from, to, by, now));
    }

    private static DateTimeOffset? Time(HttpContext context, string name) => context.Request.Query[name] switch
    {
        { Count: 0 } => null,
        [{ } text] when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= 253_402_300_799_999 =>
            DateTimeOffset.FromUnixTimeMilliseconds(milliseconds),
        _ => throw ApiProblem.BadRequest($"{name} must be a time in milliseconds since 1970."),
    };
}
