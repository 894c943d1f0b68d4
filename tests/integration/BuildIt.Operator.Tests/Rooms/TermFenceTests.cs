using BuildIt.Operator.Nodes;
using BuildIt.Operator.Rooms;
using BuildIt.Operator.Runtime.Leadership;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;
using BuildIt.Sfu.Contracts;
using k8s;
using k8s.Models;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>A leader that was passed over has no say, in Redis and on nodes.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class TermFenceTests(OperatorFixture fixture)
{
    [Fact]
    public async Task A_leader_of_an_earlier_term_writes_no_route()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync(fixture.Redis.Address);
        var database = connection.GetDatabase();
        var keys = new RegistryKeys($"terms-{Guid.NewGuid():N}");
        var route = new RoomRoute { Room = new RoomId("room"), Node = new NodeId("a"), Generation = 1, Endpoint = "http://a" };
        Assert.Equal(0, await WriteAsync(route, term: 7));

        // Even one that would be newer.
        var stale = route with { Node = new NodeId("b"), Generation = 2 };
        await Assert.ThrowsAsync<RedisException>(() => WriteAsync(stale, term: 6));
        Assert.Equal(0, await WriteAsync(route with { Node = new NodeId("c") }, term: 8));
        await Assert.ThrowsAsync<RedisException>(() => WriteAsync(stale, term: 7));
        Assert.True(ContractJson.TryRead(
            ((ReadOnlyMemory<byte>)await database.StringGetAsync(keys.Route(route.Room))).Span, ContractJson.Default.RoomRoute, out var written));
        Assert.Equal(("c", 1L), (written.Node.Value, written.Generation));

        // And a number that nobody counted to is no generation.
        await database.StringSetAsync(keys.Route(route.Room), ContractJson.Write(route with { Generation = long.MaxValue }, ContractJson.Default.RoomRoute));
        Assert.Equal(0, await WriteAsync(route, term: 8));

        Task<long> WriteAsync(RoomRoute what, long term) =>
            RouteScript.WriteAsync(database, keys, what, ContractJson.Write(what, ContractJson.Default.RoomRoute), term);
    }

    [Fact]
    public async Task A_leader_of_an_earlier_term_drains_no_node()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 1);
        var pod = Assert.Single(await world.Fleet.PodsAsync());
        var leader = world.Fleet.Operator.GetRequiredService<LeaderElector>();
        var node = new NodeAddress(pod.Name(), System.Net.IPAddress.Parse(pod.Status.PodIP));
        using var past = await ClientAsync(world, leader.Term - 1);
        using var present = await ClientAsync(world, leader.Term);
        await Eventually.TrueAsync(() => present.DrainAsync(node, Order("of today"), CancellationToken.None), "the node takes the leader's order", world.DescribeAsync);
        await past.DrainAsync(node, Order("of yesterday"), CancellationToken.None);
        await past.UndrainAsync(node, CancellationToken.None);
        await Eventually.TrueAsync(
            async () => await present.ProbeAsync(node, CancellationToken.None) is { State: NodeState.Drained or NodeState.Serving }, "the node answers the leader", world.DescribeAsync);
        Assert.Null(await past.ProbeAsync(node, CancellationToken.None));
        Assert.Contains("an order of today", world.Nodes[0].Log, StringComparison.Ordinal);
        Assert.DoesNotContain("an order of yesterday", world.Nodes[0].Log, StringComparison.Ordinal);

        static DrainCommand Order(string whence) => new() { Deadline = DateTimeOffset.UtcNow.AddMinutes(10), Reason = $"an order {whence}" };
    }

    [Fact]
    public async Task The_term_grows_even_when_the_lease_is_deleted()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        var first = await TermAsync(world);
        world.KillOperator();
        await world.ExpireLeaseAsync();
        await world.StartOperatorAsync();
        Assert.True(await TermAsync(world) > first);
    }

    private static async Task<long> TermAsync(FleetWorld world)
    {
        var leader = world.Operator.GetRequiredService<LeaderElector>();
        await leader.WaitUntilLeadingAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(30));
        return leader.Term;
    }

    private static async Task<NodeClient> ClientAsync(RealWorld world, long term)
    {
        var secrets = await world.Fleet.Client.CoreV1.ListNamespacedSecretAsync(world.Fleet.Namespace);
        var credentials = secrets.Items.Select(ControlCredentials.From).First(found => found is not null)!;
        return new NodeClient(credentials, () => term, TimeProvider.System);
    }
}
