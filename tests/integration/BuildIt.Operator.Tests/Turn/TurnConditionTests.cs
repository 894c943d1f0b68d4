using System.Text.Json.Nodes;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Turn;
using BuildIt.Testing;
using k8s;

namespace BuildIt.Operator.Tests.Turn;

public sealed class TurnConditionTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_fleet_says_whether_its_TURN_server_answers()
    {
        await using var server = await TurnServer.StartNewAsync();
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis);
        await world.CreateSecretAsync("turn", ("secret", server.Secret));
        await world.StartOperatorAsync(turn: new TurnWatchOptions(TimeSpan.FromMilliseconds(200)));
        await world.CreateFleetAsync(spec => spec["turn"] = new JsonObject
        {
            ["domain"] = server.Domain,
            ["port"] = server.Port,
            ["tlsPort"] = server.TlsPort,
            ["secretRef"] = new JsonObject { ["name"] = "turn" },
        });
        await world.UntilAsync("it answers", status => status.Conditions.Any(c => c is { Type: "TurnReachable", Status: "True", Reason: "TurnAnswers" }));

        await server.KillAsync();
        await world.UntilAsync("it does not", status => status.Conditions.Any(c =>
            c is { Type: "TurnReachable", Status: "False", Reason: "TurnUnreachable" } && c.Message.Contains("ConnectionRefused", StringComparison.Ordinal)));
        await Eventually.TrueAsync(
            async () => (await world.Client.CoreV1.ListNamespacedEventAsync(world.Namespace)).Items.Any(each => each is { Reason: "TurnUnreachable", Type: "Warning" }),
            "an Event tells it");

        await server.StartAsync();
        await world.UntilAsync("it answers again", status => status.Conditions.Any(c => c is { Type: "TurnReachable", Status: "True" }));
    }
}
