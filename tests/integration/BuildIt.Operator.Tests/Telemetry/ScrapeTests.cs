using System.Text.RegularExpressions;
using BuildIt.Operator.Hosting;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.RealNodes;
using BuildIt.Operator.Tests.Rooms;
using BuildIt.Sfu.Contracts.Telemetry;
using BuildIt.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BuildIt.Operator.Tests.Telemetry;

/// <summary>What processes answer Prometheus is in the catalogue, as the catalogue has it.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class ScrapeTests(OperatorFixture fixture)
{
    [Fact]
    public async Task The_operator_answers_with_what_the_catalogue_names()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2);
        await world.CreateAsync("lost");
        await world.CreateAsync("moved");
        await world.ReadyAsync("lost");
        var from = (await world.ReadyAsync("moved")).Assignments[0].Instance;
        await world.AnnotateAsync("moved", Api.SfuApi.MoveTo, (await world.Fleet.PodNamesAsync()).First(pod => pod != from));
        await world.ReadyAsync("moved", generation: 2);
        await world.Fleet.Kubelet.Running[(await world.ReadyAsync("lost")).Assignments[0].Instance].DieAsync();
        await world.ReadyAsync("lost", generation: 2);
        await world.CreateAsync("nowhere", """{"placement":{"regions":["mars-1"]}}""");
        await world.UntilAsync("nowhere", "waits", s => s.Conditions.Any(c => c is { Type: "Ready", Reason: "NoCapacity" }));
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{world.Fleet.Operator.GetRequiredService<StatusServer>().Port}") };

        var ns = world.Fleet.Namespace;
        string[] wanted =
        [
            $"buildit_rooms{{namespace=\"{ns}\",phase=\"Pending\"}} 1", $"buildit_rooms{{namespace=\"{ns}\",phase=\"Ready\"}} 2",
            $"buildit_rooms_not_ready{{namespace=\"{ns}\",reason=\"NoCapacity\"}} 1",
            $"buildit_condition{{kind=\"SfuCluster\",namespace=\"{ns}\",name=\"fleet\",type=\"Available\"}} 1",
            $"buildit_condition{{kind=\"ConferenceRoom\",namespace=\"{ns}\",name=\"nowhere\",type=\"Ready\"}} 0",
            $"buildit_room_failovers_total{{namespace=\"{ns}\"}} ", $"buildit_room_moves_total{{namespace=\"{ns}\",cause=\"hand\"}} 1",
        ];
        var text = string.Empty;
        await Eventually.TrueAsync(
            async () => wanted.All((text = await http.GetStringAsync("/metrics")).Contains), "metrics tell of all that happened", () => Task.FromResult($"{string.Join('\n', wanted.Where(line => !text.Contains(line, StringComparison.Ordinal)))}\nof\n{text}"));
        foreach (var histogram in (string[])["buildit_room_ready_seconds", "buildit_room_failover_seconds", "buildit_room_move_seconds"])
        {
            Assert.DoesNotContain($"{histogram}_count 0\n", text, StringComparison.Ordinal);
        }

        // Rooms that are well have no series of their own.
        Assert.DoesNotContain($"name=\"moved\"", text, StringComparison.Ordinal);
        var families = PrometheusText.Families(text);
        Assert.NotEmpty(families);
        foreach (var family in families)
        {
            var metric = Assert.Single(MetricCatalogue.All, metric => metric.Name == family.Name && metric.Source is MetricSource.Operator);
            Assert.Equal((metric.Kind.ToString().ToLowerInvariant(), metric.Meaning), (family.Type, family.Help));

            // A family whose series have not come about yet has no labels.
            Assert.True(family.Labels.Count == 0 || family.Labels.SetEquals(metric.Labels), $"{family.Name} has {string.Join(", ", family.Labels)}, not {string.Join(", ", metric.Labels)}");
        }
    }

    [Fact]
    public async Task A_node_answers_with_what_the_catalogue_names()
    {
        await using var world = await RealWorld.CreateAsync(fixture, real: 1);
        var owner = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", owner, owner);

        // Pictures have gone on for a while, so that whoever comes now sees nothing before a key frame was asked for.
        await using var late = await Call.JoinAsync(world.Network, "room", "carol", owner);
        using var http = new HttpClient { BaseAddress = new Uri($"http://{owner.Ip}:{owner.HealthPort}") };
        var text = string.Empty;
        await Eventually.TrueAsync(
            async () => (text = await http.GetStringAsync("/metrics")) is { Length: > 0 } && text.Contains("buildit_sfu_round_trip_seconds{", StringComparison.Ordinal)
                && Regex.IsMatch(text, "buildit_sfu_picture_loss_total\\{[^}]*direction=\"out\"[^}]*\\} [1-9]"),
            "the node has measured the way to its people and asked for a key frame", () => Task.FromResult(text));
        Assert.Matches("buildit_sfu_joins_total\\{[^}]*code=\"101\"[^}]*\\} [1-9]", text);
        Assert.Matches("buildit_sfu_join_seconds_count\\{[^}]*\\} [1-9]", text);
        Assert.Matches("buildit_sfu_connections_total\\{[^}]*relayed=\"false\"[^}]*\\} [1-9]", text);
        Assert.All((string[])["alice", "carol"], name => Assert.DoesNotContain(name, text, StringComparison.Ordinal));
        var families = PrometheusText.Families(text, "node", "region");
        Assert.NotEmpty(families);
        foreach (var family in families)
        {
            var metric = Assert.Single(MetricCatalogue.All, metric => metric.Name == family.Name && metric.Source is MetricSource.Node);
            Assert.Equal((metric.Kind.ToString().ToLowerInvariant(), metric.Meaning), (family.Type, family.Help));

            // A family whose series have not come about yet has no labels.
            Assert.True(family.Labels.Count == 0 || family.Labels.SetEquals(metric.Labels), $"{family.Name} has {string.Join(", ", family.Labels)}, not {string.Join(", ", metric.Labels)}");
        }
        Assert.Empty(MetricCatalogue.All.Where(metric => metric.Source is MetricSource.Node).Select(metric => metric.Name).Except(families.Select(family => family.Name)));
    }
}
