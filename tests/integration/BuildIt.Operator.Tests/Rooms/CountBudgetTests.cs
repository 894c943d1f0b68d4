using System.Diagnostics;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Tests.Harness;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>Many rooms at once whose number of people is another.</summary>
public sealed class CountBudgetTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    private const int Rooms = 300;
    private const int AtOnce = CountPolicy.PerSecond / 10;

    [Fact]
    public async Task Counts_are_written_within_a_budget_and_a_placement_is_not_kept_waiting_by_them()
    {
        var watch = new WriteWatch();
        await using var world = await RoomWorld.CreateAsync(fixture.Cluster, fixture.Redis, 4, Large, fleet => fleet.StartOperatorAsync(watch));
        var names = Enumerable.Range(0, Rooms).Select(i => $"room-{i}").ToList();
        names.ForEach(name => world.People[name] = 1);
        await Parallel.ForEachAsync(names, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (name, _) => await world.CreateAsync(name));
        await AllSayAsync(world, 1);

        // What was written last about each of them lies far enough back.
        await Task.Delay(CountPolicy.Interval);
        var (before, start) = (Counts(watch), Stopwatch.GetTimestamp());
        names.ForEach(name => world.People[name] = 2);
        await Eventually.TrueAsync(() => Counts(watch) > before, "the first is written");
        world.People["another"] = 1;
        await world.CreateAsync("another");
        await world.ReadyAsync("another");
        var waiting = (await world.ListAsync()).Count(room => room.Status?.Participants == 1 && room.Metadata.Name != "another");
        var turns = (Stopwatch.GetElapsedTime(start).TotalSeconds * CountPolicy.PerSecond) + AtOnce;
        Assert.True(waiting >= Rooms - turns, $"{waiting} of {Rooms} wait although there were {turns:0} turns only");

        await AllSayAsync(world, 2);

        // However slow the machine, more turns have not come meanwhile.
        Assert.InRange(Counts(watch) - before, Rooms, (Stopwatch.GetElapsedTime(start).TotalSeconds * CountPolicy.PerSecond) + AtOnce);
    }

    private static int Counts(WriteWatch watch) =>
        watch.Writes.Count(write => write.Contains("/conferencerooms/room-", StringComparison.Ordinal) && write.Contains("/status", StringComparison.Ordinal));

    private static async Task AllSayAsync(RoomWorld world, int people)
    {
        for (var so = -1; so < Rooms;)
        {
            var before = so;
            await Eventually.TrueAsync(
                async () => (so = (await world.ListAsync()).Count(room => room.Status?.Participants == people && room.Metadata.Name != "another")) > before,
                $"more than {before} rooms say that there are {people}", world.Fleet.DescribeAsync);
        }
    }

    private static void Large(System.Text.Json.Nodes.JsonObject spec) => spec["capacity"] = new System.Text.Json.Nodes.JsonObject
    {
        ["maxRooms"] = 200,
        ["maxPublishers"] = 10_000,
        ["maxSubscribers"] = 10_000,
    };
}
