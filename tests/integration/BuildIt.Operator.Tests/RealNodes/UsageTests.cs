using System.Diagnostics;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;
using BuildIt.Testing.Network;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>What a call with real nodes is said to have used is what went over the wire.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class UsageTests(OperatorFixture fixture, ITestOutputHelper output)
{
    private const string Room = """{"expectedParticipants":2,"departureTimeout":"3s"}""";

    /// <summary>The most that may be lost of one node.</summary>
    private static readonly TimeSpan MostLost = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task What_a_call_used_agrees_with_the_wire_to_one_percent_and_outlives_the_operator()
    {
        await using var world = await CreateAsync();
        var owner = await OpenAsync(world);
        var before = ReceivedBytes(world);
        var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        await using (call)
        {
            await GoOnAsync(call, 300);
        }

        // An operator that knows nothing of it writes the end.
        world.Fleet.KillOperator();
        await world.Fleet.ExpireLeaseAsync();
        await world.Fleet.StartOperatorAsync();
        AssertExact((await EndedAsync(world)).Usage!, call, ReceivedBytes(world) - before);
    }

    [Fact]
    public async Task Without_Redis_nothing_of_a_call_is_lost()
    {
        await using var world = await CreateAsync();
        var owner = await OpenAsync(world);
        var before = ReceivedBytes(world);
        var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        await using (call)
        {
            await world.Redis.StopAsync();
            await GoOnAsync(call, 300);
        }

        AssertExact((await EndedAsync(world)).Usage!, call, ReceivedBytes(world) - before);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_that_is_killed_takes_ten_seconds_of_use_with_it_at_most(bool isRedisThere)
    {
        await using var world = await CreateAsync();
        var owner = await OpenAsync(world);
        var before = ReceivedBytes(world);
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        if (!isRedisThere)
        {
            await world.Redis.StopAsync();
        }

        await GoOnAsync(call, 100);
        var (early, clock) = (ReceivedBytes(world) - before, Stopwatch.StartNew());
        await Eventually.TrueAsync(() => clock.Elapsed >= MostLost, "as long passes as may be lost");
        var late = ReceivedBytes(world) - before;
        var rate = (late - early) / clock.Elapsed.TotalSeconds;
        await owner.KillAsync();
        var usage = (await world.Rooms.UntilAsync("room", "fails over", s => s.Failovers == 1 && s.Usage is not null)).Usage!;

        output.WriteLine($"{late} bytes had reached the clients, {early} ten seconds before; {usage.EgressBytes} are accounted for: {(late - usage.EgressBytes) / rate:0.0} s are lost");
        Assert.True(late > early + 100_000, "nothing was sent that could be lost");
        Assert.InRange(usage.EgressBytes, early, late * 1.01);
    }

    [RootFact]
    public async Task What_crosses_a_link_is_counted_to_one_percent_and_has_the_price_of_the_link()
    {
        using var wire = new WireMeter();
        var others = new HashSet<UdpFlow>();
        await using var regions = await Regions.MeetAsync(fixture, pods: 1, each: 1, () => others.UnionWith(wire.Flows.Keys), "us", "eu");
        var addresses = regions.Nodes.Select(node => node.Ip).ToHashSet(StringComparer.Ordinal);
        await Eventually.TrueAsync(() => Crossed() > 500_000, "enough crosses for a percent to be told", regions.DescribeAsync);
        var usage = (await regions.EndAsync()).Usage!;

        output.WriteLine($"{usage.RelayBytes} bytes by the operator, {Crossed()} on the wire; {usage.EgressBytes} to participants; {usage.Cost} {usage.Currency}");
        Assert.InRange(usage.RelayBytes, Crossed() * 0.99, Crossed() * 1.01);
        Assert.Equal((usage.EgressBytes / 1e9 * 2) + (usage.RelayBytes / 1e9 * Regions.LinkCost), usage.Cost!.Value, tolerance: 1e-6);
        Assert.All(usage.Seats, seat => Assert.NotEqual(seat.Cluster, Assert.Single(seat.Relays).Cluster));

        // Between the two nodes there is also the link that was ordered to measure the path, before there was a room.
        long Crossed() => wire.Flows
            .Where(flow => addresses.Contains(flow.Key.From.Address.ToString()) && addresses.Contains(flow.Key.To.Address.ToString()) && !others.Contains(flow.Key))
            .Sum(flow => flow.Value);
    }

    private Task<RealWorld> CreateAsync() =>
        RealWorld.CreateAsync(fixture, real: 2, change: spec => spec["cost"] = new JsonObject { ["egressGigabyte"] = 2, ["currency"] = "EUR" });

    // Nobody else is ever in it: who joins to see whether one can would count as well.
    private static async Task<NodeProcess> OpenAsync(RealWorld world)
    {
        await world.Rooms.CreateAsync("room", Room);
        var owner = world.OwnerOf(await world.Rooms.ReadyAsync("room"));
        foreach (var node in world.Nodes)
        {
            await Eventually.TrueAsync(async () => await RoomJoins.ValidateAsync(node, "room", "nobody") == 200, "the room can be joined", world.DescribeAsync);
        }

        return owner;
    }

    private static Task GoOnAsync(Call call, int frames) =>
        Eventually.TrueAsync(async () => (await call.FramesAsync()).All(count => count > frames), "the call goes on for a while", call.DescribeAsync);

    private static Task<ConferenceRoomStatus> EndedAsync(RealWorld world) =>
        world.Rooms.UntilAsync("room", "ends", s => s is { Phase: RoomPhase.Ended, Usage.Final: true });

    private static long ReceivedBytes(RealWorld world) => world.Network.Loops.Sum(loop => loop.Statistics.BytesReceived);

    private void AssertExact(ConferenceUsage usage, Call call, long received)
    {
        var (least, most) = (call.Stays.Sum(stay => stay.Least.TotalMinutes), call.Stays.Sum(stay => stay.Most.TotalMinutes));
        output.WriteLine(
            $"egress {usage.EgressBytes} by the operator, {received} at the clients; {usage.ParticipantMinutes} participant minutes, between {least:0.0000} and {most:0.0000} by the clients; {usage.Cost} {usage.Currency}");
        Assert.InRange(usage.EgressBytes, received * 0.99, received * 1.01);
        Assert.InRange(usage.ParticipantMinutes, least * 0.99, most * 1.01);
        Assert.Equal(usage.EgressBytes / 1e9 * 2, usage.Cost!.Value, tolerance: 1e-6);
        Assert.Equal("EUR", usage.Currency);
    }
}
