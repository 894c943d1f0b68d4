using System.Globalization;
using System.Text.RegularExpressions;
using BuildIt.Operator.Tests.Harness;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>What a call with real nodes is said to have used is what went over the wire.</summary>
[Collection(RealNodeCollection.Name)]
public sealed partial class UsageTests(OperatorFixture fixture, ITestOutputHelper output)
{
    [Fact]
    public async Task What_a_call_used_agrees_with_the_wire_to_one_percent_and_outlives_its_node_and_the_operator()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2, change: spec => spec["cost"] = new System.Text.Json.Nodes.JsonObject { ["egressGigabyte"] = 2, ["currency"] = "EUR" });
        var owner = world.OwnerOf(await world.OpenAsync("room", """{"expectedParticipants":2,"departureTimeout":"3s"}"""));
        var before = world.Network.Loops.Sum(loop => loop.Statistics.BytesReceived);
        var began = DateTimeOffset.UtcNow;
        double people;
        await using (var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]))
        {
            await Eventually.TrueAsync(async () => (await call.FramesAsync()).All(frames => frames > 300), "the call goes on for a while", call.DescribeAsync);
            people = (DateTimeOffset.UtcNow - began).TotalMinutes * 2;
        }

        // An operator that knows nothing of it writes the end.
        world.Fleet.KillOperator();
        await world.Fleet.ExpireLeaseAsync();
        await world.Fleet.StartOperatorAsync();
        var status = await world.Rooms.UntilAsync("room", "ends", s => s is { Phase: Api.RoomPhase.Ended, Usage.Final: true });
        var usage = status.Usage!;
        var received = world.Network.Loops.Sum(loop => loop.Statistics.BytesReceived) - before;
        output.WriteLine($"egress {usage.EgressBytes} by the operator, {received} at the clients; {usage.ParticipantMinutes} participant minutes, {people:0.###} measured; {usage.Cost} {usage.Currency}");
        Assert.InRange(usage.EgressBytes, received * 0.99, received * 1.01);
        Assert.InRange(usage.ParticipantMinutes, people * 0.9, (people * 1.1) + 0.2);
        Assert.Equal(usage.EgressBytes / 1e9 * 2, usage.Cost!.Value, tolerance: 1e-6);
        Assert.Equal("EUR", usage.Currency);
    }

    [Fact]
    public async Task A_node_that_is_killed_takes_ten_seconds_of_use_with_it_at_most()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 2);
        var owner = world.OwnerOf(await world.OpenAsync("room", """{"expectedParticipants":2,"departureTimeout":"3s"}"""));
        await using var call = await Call.StartAsync(world.Network, "room", owner, world.Others(owner)[0]);
        await Eventually.TrueAsync(async () => (await call.FramesAsync()).All(frames => frames > 100), "the call goes on for a while", call.DescribeAsync);
        using var http = new HttpClient();
        var sent = await SentAsync(http, owner);
        await owner.KillAsync();
        var status = await world.Rooms.UntilAsync("room", "fails over", s => s.Failovers == 1 && s.Usage is not null);

        // At the rate of such a call, ten seconds are far more than what the last heartbeat may miss.
        output.WriteLine($"{sent} bytes left the node before it was killed, {status.Usage!.EgressBytes} are accounted for");
        Assert.InRange(status.Usage!.EgressBytes, sent * 0.5, sent * 1.05);
    }

    private static async Task<double> SentAsync(HttpClient http, NodeProcess node)
    {
        var text = await http.GetStringAsync(new Uri($"http://{node.Ip}:{node.HealthPort}/metrics"));
        return Sent().Matches(text).Sum(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"^buildit_sfu_bytes_total\{[^}]*direction=""out""[^}]*\} (\S+)", RegexOptions.Multiline)]
    private static partial Regex Sent();
}
