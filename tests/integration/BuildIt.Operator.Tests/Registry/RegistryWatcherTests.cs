using System.Collections.Concurrent;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Registry;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Registry;

/// <summary>What is read of a registry between two readings of all. The clock stands still, so that there is no second one.</summary>
public sealed class RegistryWatcherTests(RedisServer redis) : IClassFixture<RedisServer>
{
    private readonly string _namespace = $"watch-{Guid.NewGuid():N}";

    [Fact]
    public async Task A_heartbeat_that_is_announced_is_read_at_once_and_no_other_is()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        var database = connection.GetDatabase();
        var raised = new ConcurrentQueue<string>();
        var signal = new FleetSignal();
        signal.Connect(cluster => raised.Enqueue(cluster.Name));
        await WriteAsync(database, Beat("a", 1), Beat("b", 1));
        await using var watcher = new RegistryWatcher(
            new RegistryTarget(_namespace, [redis.Address], Tls: false, SecretName: null),
            _ => Task.FromResult(ConfigurationOptions.Parse(redis.Address)),
            [],
            signal,
            new FakeTimeProvider(),
            NullLogger.Instance);
        await watcher.WaitUntilAskedAsync(CancellationToken.None);
        Assert.Equal(2, watcher.View.Nodes.Count);
        await Eventually.TrueAsync(() => Task.FromResult(raised.SequenceEqual(["fleet"])), "its fleet is planned for the first time");
        raised.Clear();

        var cutOff = new RoomReport { Room = new RoomId("r"), Generation = 1, ParentConnected = false };
        await WriteAsync(database, Beat("a", 2) with { Rooms = [cutOff] }, Beat("b", 2) with { Rooms = [cutOff] });
        await Eventually.TrueAsync(
            async () =>
            {
                // It has been read once, but need not have subscribed by then.
                await database.PublishAsync(RedisChannel.Literal(new RegistryKeys(_namespace).EarlyHeartbeats), "a");
                return watcher.View.Nodes["a"].Heartbeat.Sequence == 2;
            },
            "the announced heartbeat is read");

        Assert.Equal(1, watcher.View.Nodes["b"].Heartbeat.Sequence);
        await Eventually.TrueAsync(() => Task.FromResult(raised.SequenceEqual(["fleet"])), "its fleet is planned again, once");
    }

    [Fact]
    public void Names_that_are_none_and_a_flood_of_names_are_passed_over()
    {
        var early = new EarlyHeartbeats();
        early.Add("");
        early.Add(new string('x', NodeId.MaxLength + 1));
        Assert.False(early.Announced.IsCompleted);

        early.Add("a");
        early.Add("a");
        Assert.True(early.Announced.IsCompleted);
        Assert.Equal(["a"], early.Take());
        Assert.False(early.Announced.IsCompleted);

        for (var i = 0; i < 10_000; i++)
        {
            early.Add($"node-{i}");
        }

        Assert.Equal(500, early.Take().Count);
    }

    private async Task WriteAsync(IDatabase database, params Heartbeat[] heartbeats)
    {
        var keys = new RegistryKeys(_namespace);
        foreach (var heartbeat in heartbeats)
        {
            await database.StringSetAsync(keys.Node(heartbeat.Node), ContractJson.Write(heartbeat, ContractJson.Default.Heartbeat));
            await database.SortedSetAddAsync(keys.Nodes, heartbeat.Node.Value, 1);
        }
    }

    private Heartbeat Beat(string node, long sequence) => new()
    {
        Node = new NodeId(node),
        Namespace = _namespace,
        Cluster = "fleet",
        Region = "test",
        Revision = "r",
        State = NodeState.Serving,
        Load = NodeLoad.None,
        Capacity = NodeCapacity.Default,
        Endpoints = new NodeEndpoints { Signal = "http://a", Control = "https://a" },
        StartedAt = DateTimeOffset.UnixEpoch,
        Sequence = sequence,
    };
}
