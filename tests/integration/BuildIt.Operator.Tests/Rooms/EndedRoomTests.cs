using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>What becomes of the objects of rooms that have ended, against a real API server and a real Redis.</summary>
public sealed class EndedRoomTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task An_object_goes_by_itself_when_it_asks_for_that_and_says_when()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("kept", """{"emptyTimeout":"1s"}""");
        await world.CreateAsync("going", """{"emptyTimeout":"1s","ttlAfterEnded":"3s"}""");
        await world.CreateAsync("gone", """{"emptyTimeout":"1s","ttlAfterEnded":"0s"}""");
        var ended = await world.UntilAsync("going", "ends", s => s.Phase is RoomPhase.Ended);
        Assert.Equal(ended.EndedAt!.Value.AddSeconds(3), ended.DeletesAt);
        Assert.InRange(ended.EndedAt.Value.ToUniversalTime(), DateTime.UtcNow.AddSeconds(-5), DateTime.UtcNow);
        foreach (var room in (string[])["going", "gone"])
        {
            await Eventually.TrueAsync(async () => await world.ReadAsync(room) is null, $"{room} is deleted", world.Fleet.DescribeAsync);
            await world.RouteIsAsync(room, "still says that it is over", route => route.State is RoomRouteState.Ended);
        }

        await Eventually.TrueAsync(
            async () => (await world.Fleet.EventsOfAsync("going")).Select(e => e.Reason).Intersect(["Ended", "Deleting"]).Count() == 2, "Events tell", world.Fleet.DescribeAsync);
        Assert.Contains(
            await world.Fleet.EventsOfAsync("going"), e => e.Reason == "Ended" && e.Message == $"nobody has joined; its object is deleted at {ended.DeletesAt:yyyy-MM-ddTHH:mm:ssZ}");
        var kept = await world.UntilAsync("kept", "has ended", s => s.Phase is RoomPhase.Ended);
        Assert.Null(kept.DeletesAt);
        Assert.DoesNotContain(await world.Fleet.EventsOfAsync("kept"), e => e.Reason == "Deleting");
    }

    [Fact]
    public async Task Whoever_changes_their_mind_after_the_end_is_heard()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("room", """{"emptyTimeout":"1s","ttlAfterEnded":"1h"}""");
        var ended = await world.UntilAsync("room", "ends", s => s.Phase is RoomPhase.Ended && s.Assignments.Count == 0);
        Assert.Equal(ended.EndedAt!.Value.AddHours(1), ended.DeletesAt);

        await world.PatchAsync("room", """{"ttlAfterEnded":null}""");
        var kept = await world.UntilAsync("room", "is kept", s => s.DeletesAt is null);
        Assert.Equal((ended.EndedAt, "nobody has joined"), (kept.EndedAt, kept.Conditions.Single(c => c.Type == "Ready").Message));

        await world.PatchAsync("room", """{"ttlAfterEnded":"1s"}""");
        await Eventually.TrueAsync(async () => await world.ReadAsync("room") is null, "the object goes", world.Fleet.DescribeAsync);
    }

    [Fact]
    public async Task The_time_counts_while_the_operator_is_away()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("short", """{"emptyTimeout":"1s","ttlAfterEnded":"59m"}""");
        await world.CreateAsync("long", """{"emptyTimeout":"1s","ttlAfterEnded":"61m"}""");
        await world.CreateAsync("forever", """{"emptyTimeout":"1s"}""");
        foreach (var room in (string[])["short", "long", "forever"])
        {
            await world.UntilAsync(room, "ends", s => s.Phase is RoomPhase.Ended && s.Assignments.Count == 0);
        }

        await world.Fleet.StopOperatorAsync();
        await world.Fleet.StartOperatorAsync(time: new ClockAhead(TimeSpan.FromHours(1)));
        await Eventually.TrueAsync(async () => await world.ReadAsync("short") is null, "short is deleted", world.Fleet.DescribeAsync);

        // This one is looked at after those that were there before.
        await world.CreateAsync("new");
        await world.ReadyAsync("new");
        Assert.NotNull(await world.ReadAsync("long"));
        Assert.NotNull(await world.ReadAsync("forever"));
    }

    [Fact]
    public async Task A_room_whose_registry_is_away_goes_all_the_same_and_is_told_of_when_that_is_back()
    {
        await using var redis = await RedisServer.StartNewAsync();
        await using var world = await RoomWorld.CreateAsync(fixture, redis, pods: 1);
        await world.CreateAsync("room", """{"ttlAfterEnded":"1s"}""");
        await world.ReadyAsync("room");
        await redis.StopAsync();
        await world.PatchAsync("room", $$"""{"expiresAt":"{{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ssZ}}"}""");
        await Eventually.TrueAsync(async () => (await world.ReadAsync("room"))?.Metadata.DeletionTimestamp is not null, "the room is being deleted", world.Fleet.DescribeAsync);
        await redis.StartAsync();
        await Eventually.TrueAsync(async () => await world.ReadAsync("room") is null, "the object goes", world.Fleet.DescribeAsync);
        await world.RouteIsAsync("room", "says that it is over", route => route.State is RoomRouteState.Ended);
    }
}
