using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Tests.Harness;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>A thousand rooms as fast as the API server takes them.</summary>
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
        var ready = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var informer = new Informer<ConferenceRoom>(
            OperatorFixture.Client(fixture.Cluster), world.Fleet.Namespace, ListQuery.All, new InformerOptions(), TimeProvider.System, NullLogger<Informer<ConferenceRoom>>.Instance);
        informer.OnChange(change =>
        {
            if (change.New is { Status.Phase: RoomPhase.Ready } room && ready.TryAdd(room.Metadata.Name, Stopwatch.GetTimestamp()) && ready.Count == Rooms)
            {
                all.TrySetResult();
            }
        });
        using var stop = new CancellationTokenSource();
        var watching = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(stop.Token);

        var created = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, Rooms, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
        {
            var name = $"room-{i}";
            await world.CreateAsync(name, """{"expectedParticipants":4,"maxParticipants":10}""");
            created[name] = Stopwatch.GetTimestamp();
        });
        var creating = Stopwatch.GetElapsedTime(start);
        await all.Task.WaitAsync(TimeSpan.FromSeconds(90));
        var whole = Stopwatch.GetElapsedTime(start);
        await stop.CancelAsync();
        await watching;

        // The watch may be ahead of the answer to the creation.
        var delays = ready.Select(pair => Math.Max(0, Stopwatch.GetElapsedTime(created[pair.Key], pair.Value).TotalMilliseconds)).Order().ToList();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Rooms} rooms on {Nodes} nodes: created at {Rooms / creating.TotalSeconds:0} a second, all ready at {Rooms / whole.TotalSeconds:0} a second; from creation to Ready p50 {delays[Rooms / 2]:0} ms, p99 {delays[Rooms * 99 / 100]:0} ms"));

        var byPod = (await world.ListAsync()).GroupBy(room => Assert.Single(room.Status!.Assignments).Instance).ToDictionary(group => group.Key, group => group.Count());
        output.WriteLine($"rooms by pod: {string.Join(' ', byPod.Values.Order())}");
        Assert.Equal(Nodes, byPod.Count);

        // Up to the target of 0.7 each pod is filled before the next; above it the load is spread.
        Assert.All(byPod.Values, count => Assert.InRange(count, (int)(MaxRooms * 0.7), (int)(MaxRooms * 0.8)));
        Assert.Equal(Rooms, byPod.Values.Sum());
    }
}
