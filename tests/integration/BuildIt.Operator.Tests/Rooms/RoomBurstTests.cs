using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>A thousand rooms as fast as the API server takes them. What that takes is measured by the benchmark.</summary>
public sealed class RoomBurstTests(OperatorFixture fixture, ITestOutputHelper output) : IClassFixture<OperatorFixture>
{
    private const int Nodes = 20;
    private const int Rooms = 1000;
    private const int MaxRooms = 64;

    [Fact]
    public async Task A_thousand_rooms_at_once_are_spread_as_planned_and_none_is_over_capacity()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, Nodes, spec => spec["capacity"] = new JsonObject
        {
            ["maxRooms"] = MaxRooms,
            ["maxPublishers"] = 400,
            ["maxSubscribers"] = 400,
        });
        await Parallel.ForAsync(0, Rooms, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await world.CreateAsync($"room-{i}", """{"expectedParticipants":4,"maxParticipants":10}"""));

        // As long as there is progress, a machine with other work may take its time.
        for (var ready = -1; ready < Rooms;)
        {
            var before = ready;
            await Eventually.TrueAsync(
                async () => (ready = (await world.ListAsync()).Count(room => room.Status?.Phase is RoomPhase.Ready)) > before, $"more than {before} rooms are ready", world.Fleet.DescribeAsync);
        }

        var byPod = (await world.ListAsync()).GroupBy(room => Assert.Single(room.Status!.Assignments).Instance).ToDictionary(group => group.Key, group => group.Count());
        output.WriteLine($"rooms by pod: {string.Join(' ', byPod.Values.Order())}");
        Assert.Equal(Nodes, byPod.Count);

        // Up to the target of 0.7 each pod is filled before the next; above it the load is spread.
        Assert.All(byPod.Values, count => Assert.InRange(count, (int)(MaxRooms * 0.7), (int)(MaxRooms * 0.8)));
        Assert.Equal(Rooms, byPod.Values.Sum());
        Assert.All(await world.ListAsync(), room => Assert.Equal((1, 0), (room.Status!.Generation, room.Status.Failovers)));
    }
}
