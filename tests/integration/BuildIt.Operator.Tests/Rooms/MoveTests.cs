using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>A person has a room moved.</summary>
public sealed class MoveTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_room_goes_to_the_pod_that_is_named_and_the_wish_is_taken_off()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 3);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var from = (await world.ReadyAsync("room")).Assignments[0].Instance;
        foreach (var to in (await world.Fleet.PodNamesAsync()).Where(pod => pod != from).Append(from))
        {
            var generation = (await world.ReadAsync("room"))!.Status!.Generation;
            await world.AnnotateAsync("room", SfuApi.MoveTo, to);
            var status = await world.ReadyAsync("room", generation + 1);
            Assert.Equal(to, status.Assignments[0].Instance);
            await world.RouteIsAsync("room", "leads there", route => route.Node.Value == to && route.State is RoomRouteState.Serving);
            await Eventually.TrueAsync(async () => (await world.ReadAsync("room"))!.Metadata.Annotations?.ContainsKey(SfuApi.MoveTo) != true, "the wish is taken off", world.Fleet.DescribeAsync);
        }

        Assert.Equal(0, (await world.ReadAsync("room"))!.Status!.Failovers);
    }

    [Fact]
    public async Task A_wish_that_cannot_be_fulfilled_is_refused_once_and_the_room_and_the_fleet_stay_as_they_are()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2, spec =>
        {
            spec["replicas"] = new JsonObject { ["min"] = 2, ["max"] = 4 };
            spec["capacity"] = new JsonObject { ["maxRooms"] = 1 };
            spec["autoscaling"]!["targetUtilization"] = 1;
        });
        foreach (var room in (string[])["one", "two"])
        {
            await world.CreateAsync(room);
            await world.ReadyAsync(room);
        }

        var taken = (await world.ReadAsync("two"))!.Status!.Assignments[0].Instance;
        foreach (var (to, why) in ((string, string)[])[(taken, "it is full"), ("nobody", "none of the pods")])
        {
            await world.AnnotateAsync("one", SfuApi.MoveTo, to);
            await world.Fleet.ToldAsync("MoveRefused", $"{to} cannot take");
            await Eventually.TrueAsync(async () => (await world.ReadAsync("one"))!.Metadata.Annotations?.ContainsKey(SfuApi.MoveTo) != true, "the wish is taken off", world.Fleet.DescribeAsync);
            Assert.Contains((await world.Fleet.EventsAsync("MoveRefused")), e => e.Message.Contains(why, StringComparison.Ordinal));
        }

        Assert.Equal(1, (await world.ReadyAsync("one")).Generation);
        await world.Fleet.ReadyAsync(2);
    }
}
