using System.Globalization;
using System.Text.Json.Nodes;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Sfu.Contracts;
using BuildIt.Testing;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Clusters;

/// <summary>What the operator depends on goes away and comes back changed. On servers of its own.</summary>
public sealed class OutageTests
{
    /// <summary>Seconds without an API server: enough to lose the lease; a nightly run sets 60.</summary>
    private const string DurationVariable = "BUILDIT_TEST_OUTAGE_SECONDS";

    [Fact]
    public async Task Api_server_away_etcd_compacted_and_redis_emptied_touch_no_pod_and_work_resumes()
    {
        var outage = TimeSpan.FromSeconds(int.TryParse(Environment.GetEnvironmentVariable(DurationVariable), NumberStyles.None, CultureInfo.InvariantCulture, out var s) ? s : 8);
        await using var cluster = await KubernetesCluster.StartAsync();
        await using var redis = await RedisServer.StartNewAsync();
        if (!cluster.OwnsApiServer || !redis.OwnsServer)
        {
            return;
        }

        await OperatorFixture.InstallKindsAsync(cluster);
        await using var world = await FleetWorld.CreateAsync(cluster, redis, "outage");
        await world.StartOperatorAsync();
        await world.CreateFleetAsync(spec => spec["replicas"] = new JsonObject { ["min"] = 3, ["max"] = 5 });
        await world.ReadyAsync(3);
        world.LoadEverybody(10);
        await world.UntilAsync("load is seen", status => status.Load?.Participants == 30);
        var before = await IdentitiesAsync(world);

        // Redis alone first: it comes back empty while the operator watches.
        await redis.StopAsync();
        await world.UntilAsync("the registry is missed", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "RegistryUnreachable" }));
        await redis.StartAsync();
        await world.UntilAsync("the registry is back", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "False" }));
        Assert.Equal(before, await IdentitiesAsync(world));

        await cluster.StopApiServerAsync();
        await redis.StopAsync();
        await cluster.CompactEtcdAsync();
        await Task.Delay(outage / 2);
        await redis.StartAsync();
        await Task.Delay(outage / 2);
        await cluster.StartApiServerAsync();
        if (world.LostLease)
        {
            // The process has ended itself; the kubelet starts the next.
            world.KillOperator();
            await world.StartOperatorAsync();
        }

        await world.ReadyAsync(3);
        Assert.Equal(before, await IdentitiesAsync(world));
        await Eventually.StaysTrueAsync(async () => before.SequenceEqual(await IdentitiesAsync(world)), TimeSpan.FromSeconds(2), "no pod is touched");

        world.LoadEverybody(60);
        await Eventually.TrueAsync(async () => (await world.StatusAsync()).ReadyReplicas == 5, "the fleet grows again", world.DescribeAsync);
        Assert.Subset((await IdentitiesAsync(world)).ToHashSet(), before.ToHashSet());
        await using var connection = await ConnectionMultiplexer.ConnectAsync(redis.Address);
        Assert.True(await connection.GetDatabase().KeyExistsAsync(new RegistryKeys(world.Namespace).Epoch), "the registry is marked as filled again");
    }

    private static async Task<IReadOnlyList<string>> IdentitiesAsync(FleetWorld world) =>
        [.. (await world.PodsAsync()).Select(pod => $"{pod.Metadata.Name} {pod.Metadata.Uid} {pod.Metadata.DeletionTimestamp}")];
}
