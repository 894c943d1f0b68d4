using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;
using Xunit.Abstractions;
using YamlDotNet.Serialization;

namespace BuildIt.Operator.Tests.KubectlSfu;

/// <summary>What a person sees of fleets and rooms with kubectl sfu, against a real API server and its proxy to the operator.</summary>
public sealed class LookingTests(OperatorFixture fixture, ITestOutputHelper output) : IClassFixture<OperatorFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task A_full_fleet_and_a_room_that_waits_are_seen_and_explained()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 1, spec =>
        {
            spec["capacity"] = new JsonObject { ["maxRooms"] = 2 };
            spec["autoscaling"]!["targetUtilization"] = 1;
        });
        world.Rooms.People["standup"] = 3;
        foreach (var room in (string[])["standup", "unused"])
        {
            await world.Rooms.CreateAsync(room);
            await world.Rooms.ReadyAsync(room);
        }

        await world.Rooms.CreateAsync("queued");
        await world.Rooms.UntilAsync("queued", "waits", s => s.Conditions.Any(c => c is { Type: "Ready", Reason: "NoCapacity" }));
        await world.Rooms.UntilAsync("standup", "counts its people", s => s.Participants == 3);
        await world.Fleet.UntilAsync("the fleet says that it is full", s => s.Conditions.Any(c => c is { Type: "ScalingLimited", Reason: "MaxReached" }) && s.Load is { Participants: 3, Rooms: 2, UtilizationPercent: 100 } && s.Instances is [{ Rooms: 2, Participants: 3 }]);
        var pod = Assert.Single(await world.Fleet.PodNamesAsync());

        var status = await ShowAsync(world, "status");
        Assert.Matches($@"{world.Fleet.Namespace}/fleet +test-1 +1/1 +2 +3 +100% rooms +100% +Settled", status);
        Assert.Contains("Rooms: 1 Pending, 2 Ready", status, StringComparison.Ordinal);
        Assert.Matches($"fleet {world.Fleet.Namespace}/fleet: MaxReached: [23] pods are needed and spec.replicas.max is 1", status);
        Assert.Contains($"room {world.Fleet.Namespace}/queued: NoCapacity: no pod in any region has room for 10 participants: 1 full", status, StringComparison.Ordinal);
        Assert.Contains(pod, await ShowAsync(world, "status", "fleet"), StringComparison.Ordinal);

        var json = JsonNode.Parse(await ShowAsync(world, "status", "-o", "json"))!;
        Assert.Equal(("fleet", 3, 2), (json["fleets"]![0]!["name"]!.GetValue<string>(), json["fleets"]![0]!["participants"]!.GetValue<int>(), json["needsALook"]!.AsArray().Count));
        var yaml = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(await ShowAsync(world, "status", "-o", "yaml"));
        Assert.Equal(["fleets", "rooms", "links", "goingOn", "needsALook"], yaml.Keys);

        Assert.Matches($@"{pod} +{world.Fleet.Namespace}/fleet +Ready +100% +2 +3", await ShowAsync(world, "top"));
        var rooms = (await ShowAsync(world, "rooms")).Split('\n');
        Assert.StartsWith($"{world.Fleet.Namespace}/standup", rooms[1], StringComparison.Ordinal);
        Assert.Contains(rooms, line => line.StartsWith($"{world.Fleet.Namespace}/queued", StringComparison.Ordinal) && line.Contains("1 full", StringComparison.Ordinal));

        var told = await ShowAsync(world, "room", "standup");
        Assert.Contains($"└─ {pod}  Origin in fleet (test-1): 3 people", told, StringComparison.Ordinal);
        Assert.Contains("Placed", told, StringComparison.Ordinal);

        var fleet = await ShowAsync(world, "why", "fleet");
        Assert.Matches("1 pods are wanted: .*; no more than 1 are allowed", fleet);
        Assert.Matches(@"waiting +1 rooms without a pod", fleet);
        Assert.Matches(@"capacity of a pod +2 rooms", fleet);
        var queued = await ShowAsync(world, "why", "queued");
        Assert.Contains("Place: it has no pod", queued, StringComparison.Ordinal);
        Assert.Matches($@"place {pod} +it is full \(150% full with it\)", queued);
        Assert.Contains("Found no pod: no pod in any region has room for 10 participants: 1 full", queued, StringComparison.Ordinal);
        var why = await ShowAsync(world, "why", pod);
        Assert.Contains("Alive: heartbeat and probe are well", why, StringComparison.Ordinal);
        Assert.Matches(@"load +2 rooms, 3 people", why);
        Assert.Contains($"Create {pod}", why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_says_what_would_be_and_changes_nothing()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 2, spec => spec["replicas"] = new JsonObject { ["min"] = 2, ["max"] = 6 });
        world.Rooms.People["one"] = 40;
        await world.Rooms.CreateAsync("one", """{"expectedParticipants":40}""");
        await world.Rooms.UntilAsync("one", "counts its people", s => s.Participants == 40);

        // Until they were counted, more were expected.
        await world.Fleet.UntilAsync("the fleet counts them and is as it should be", s => s is { Load.Participants: 40, DesiredReplicas: 2, ReadyReplicas: 2, Instances.Count: 2 });
        var pods = await world.Fleet.PodNamesAsync();
        JsonNode asItIs = new JsonObject();
        await Eventually.TrueAsync(
            async () => (asItIs = JsonNode.Parse(await world.DoAsync("plan", "fleet", "-o", "json"))!)["steps"]!.AsArray().Count == 0, "nothing is to be done", () => Task.FromResult(asItIs.ToJsonString()));
        Assert.Equal((2, 2), (asItIs["wantedNow"]!.GetValue<int>(), asItIs["podsInTheEnd"]!.GetValue<int>()));

        // Forty people publish: three times as many take 120 / (50 * 0.7) pods, at once or when the step before is old enough.
        var more = JsonNode.Parse(await ShowAsync(world, "plan", "fleet", "--load", "x3", "-o", "json"))!;
        Assert.Equal(4, more["podsInTheEnd"]!.GetValue<int>());
        Assert.All(more["steps"]!.AsArray(), step => Assert.Equal(4, step!["desired"]!.GetValue<int>()));
        Assert.Equal(2, more["steps"]!.AsArray().Count(step => step!["what"]!.GetValue<string>().StartsWith("Create ", StringComparison.Ordinal)));

        var without = await ShowAsync(world, "plan", "fleet", "--without", pods[0]);
        Assert.Contains("Create fleet-", without, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed.", without, StringComparison.Ordinal);

        var file = Path.Combine(Directory.CreateTempSubdirectory("buildit-plan-").FullName, "spec.yaml");
        await File.WriteAllTextAsync(file, $$"""
            apiVersion: sfu.buildit.network/v1alpha1
            kind: SfuCluster
            metadata:
              name: fleet
            spec:
              region: test-1
              image: registry.example.com/sfu-node:other
              replicas: { min: 3, max: 6 }
              redis: { addresses: ["{{world.Fleet.Redis.Address}}"] }
              apiKeysSecretRef: { name: keys }
              drain: { deadline: 20s }
            """);
        var with = JsonNode.Parse(await ShowAsync(world, "plan", "fleet", "--with", file, "-o", "json"))!;
        Assert.Equal((3, 3), (with["wanted"]!.GetValue<int>(), with["podsInTheEnd"]!.GetValue<int>()));

        // Another image is another revision: both old pods are drained once their successors are there.
        foreach (var pod in pods)
        {
            Assert.Contains(with["steps"]!.AsArray(), step => step!["what"]!.GetValue<string>() == $"Drain {pod}");
            Assert.Contains(with["steps"]!.AsArray(), step => step!["what"]!.GetValue<string>() == $"Delete {pod}");
        }

        await File.WriteAllTextAsync(file, "kind: SfuCluster\nspec: { region: test-1, replicas: { min: -1 } }\n");
        Assert.Contains("would be refused: spec.replicas.min", await RefusalAsync(world, "plan", "fleet", "--with", file), StringComparison.Ordinal);
        Assert.Contains("--load takes a factor", await RefusalAsync(world, "plan", "fleet", "--load", "much"), StringComparison.Ordinal);
        Assert.Equal(pods, await world.Fleet.PodNamesAsync());
    }

    [Fact]
    public async Task The_real_kubectl_finds_the_plugin_and_completes_its_words()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 1);
        await world.Rooms.CreateAsync("standup");
        await world.Rooms.ReadyAsync("standup");
        var tools = (await ChildProcess.RunAsync(RepositoryRoot.Path("tests", "cluster", "tools.sh"), [], Patience)).Trim();
        var path = new Dictionary<string, string?> { ["PATH"] = $"{AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}" };

        var told = await ChildProcess.RunAsync(Path.Combine(tools, "kubectl"), ["sfu", "rooms", .. world.Where], Patience, path);
        Assert.Contains("/standup", told, StringComparison.Ordinal);
        var script = await ChildProcess.RunAsync(Path.Combine(tools, "kubectl"), ["sfu", "completion"], Patience, path);
        Assert.StartsWith("#!/bin/sh\n", script, StringComparison.Ordinal);
        Assert.Contains("kubectl-sfu __complete", script, StringComparison.Ordinal);

        Assert.Equal("room\trooms", string.Join('\t', (await CompleteAsync(["roo"])).Select(word => word.Split('\t')[0])));
        Assert.Contains("--load", string.Join(' ', await CompleteAsync(["plan", "--l"])), StringComparison.Ordinal);
        Assert.Equal(["standup"], await CompleteAsync(["room", .. world.Where, "st"]));
        Assert.Equal(["fleet"], await CompleteAsync(["plan", .. world.Where, ""]));
        Assert.Empty(await CompleteAsync(["room", "--kubeconfig", "/nowhere", ""]));
    }

    [Fact]
    public async Task What_cannot_be_done_is_said_in_one_line_with_what_to_do()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 1);
        await world.Rooms.CreateAsync("fleet");
        await world.Rooms.ReadyAsync("fleet");
        Assert.Contains("there is no nowhere among the sfuclusters of the namespace", await RefusalAsync(world, "status", "nowhere"), StringComparison.Ordinal);
        Assert.Contains("kubectl sfu rooms lists them", await RefusalAsync(world, "room", "nowhere"), StringComparison.Ordinal);
        Assert.Contains("write fleet/fleet or room/fleet", await RefusalAsync(world, "why", "fleet"), StringComparison.Ordinal);
        Assert.Contains("there is neither a pod nowhere", await RefusalAsync(world, "drain", "nowhere"), StringComparison.Ordinal);
        Assert.Contains("no operator runs in the namespace default", await RefusalAsync(world, "plan", "fleet", "--operator-namespace", "default"), StringComparison.Ordinal);
        var (code, _, errors) = await world.RunAsync("plan");
        Assert.Equal(2, code);
        Assert.Contains("argument missing", errors, StringComparison.Ordinal);

        // The pods here have no kubelet, whose words are handed on.
        Assert.StartsWith("error: ", await RefusalAsync(world, "logs", "fleet/fleet"), StringComparison.Ordinal);

        // Without the operator a question is answered from what the objects say.
        var (why, text, note) = await world.RunAsync("why", "fleet/fleet", "--operator-namespace", "default");
        Assert.Equal(0, why);
        Assert.Contains("what its conditions say", text, StringComparison.Ordinal);
        Assert.Contains("Without the operator's own reasons", note, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<string>> CompleteAsync(string[] words)
    {
        using var written = new StringWriter();
        Assert.Equal(0, await BuildIt.KubectlSfu.Commands.SfuCommand.RunAsync(["__complete", .. words], written, written, CancellationToken.None));
        var lines = written.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(":4", lines[^1]);
        return lines[..^1];
    }

    private static async Task<string> RefusalAsync(PluginWorld world, params string[] arguments)
    {
        var (code, _, errors) = await world.RunAsync(arguments);
        Assert.True(code is 1 or 2, $"{string.Join(' ', arguments)} ended with {code}");
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        return errors;
    }

    private async Task<string> ShowAsync(PluginWorld world, params string[] arguments)
    {
        var text = await world.DoAsync(arguments);
        output.WriteLine($"$ kubectl sfu {string.Join(' ', arguments)}\n{text}");
        return text;
    }
}
