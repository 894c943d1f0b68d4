using BuildIt.RoomApi.Http.Messages;
using BuildIt.RoomApi.Registry;
using BuildIt.RoomApi.Usage;
using static BuildIt.RoomApi.Http.Endpoints.EndpointConventions;

namespace BuildIt.RoomApi.Http.Endpoints;

/// <summary>What can be known of regions and of a room's use.</summary>
public sealed class FleetEndpoints(RoomCalls calls, FleetRegistry registry, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/regions", (Delegate)RegionsAsync)
            .Guarded(GatePolicy.Public, "listRegions", "Lists regions, the best for the caller first.")
            .Gives<RegionListResponse>();
        app.MapGet("/v1/rooms/{id}/usage", (Delegate)UsageAsync)
            .Guarded(GatePolicy.Signed, "getUsage", "A room's use in sums and means, without anything about a person; also of a room that has ended, until it is deleted. Hosts and moderators.")
            .Gives<RoomUsage>()
            .Refuses(403, 404);
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
        (await calls.LoadAsync(context, id, evenOver: true)).RequireModerator();
        var heartbeats = await registry.HeartbeatsAsync(context.RequestAborted);
        return Answer(RoomUsage.Of(id, heartbeats, await registry.UsageAsync(id, context.RequestAborted), time.GetUtcNow()));
    }
}
