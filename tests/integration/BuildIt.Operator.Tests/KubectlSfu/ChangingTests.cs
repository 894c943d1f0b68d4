using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Tests.Harness;
using k8s;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.KubectlSfu;

/// <summary>What kubectl sfu changes, and what it gathers.</summary>
public sealed class ChangingTests(OperatorFixture fixture, ITestOutputHelper output) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task A_pod_is_drained_with_progress_until_nobody_is_left_there()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 2, spec => spec["replicas"] = new JsonObject { ["min"] = 2, ["max"] = 4 });
        world.Rooms.People["room"] = 2;
        await world.Rooms.CreateAsync("room");
        var pod = (await world.Rooms.UntilAsync("room", "counts its people", s => s.Participants == 2)).Assignments[0].Instance;

        var (code, _, errors) = await world.RunAsync("drain", pod, "--wait");
        output.WriteLine(errors);
        Assert.Equal(0, code);
        Assert.Contains($"pod {pod} is to be drained", errors, StringComparison.Ordinal);
        Assert.Contains("Done: nobody is left there.", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(pod, await world.Fleet.PodNamesAsync());
        Assert.NotEqual(pod, (await world.Rooms.ReadyAsync("room", generation: 2)).Assignments[0].Instance);
    }

    [Fact]
    public async Task A_drain_is_asked_for_and_taken_back()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 1, spec =>
        {
            spec["drain"] = new JsonObject { ["mode"] = "Wait", ["deadline"] = "10m" };
            spec["replicas"] = new JsonObject { ["min"] = 1, ["max"] = 1 };
        });
        world.Rooms.People["room"] = 2;
        await world.Rooms.CreateAsync("room");
        await world.Rooms.UntilAsync("room", "counts its people", s => s.Participants == 2);
        var pod = Assert.Single(await world.Fleet.PodNamesAsync());
        await world.DoAsync("drain", $"pod/{pod}");
        await world.Fleet.UntilAsync("it drains", s => s.Instances.Any(i => i.Name == pod && i.State is InstanceState.Draining));
        Assert.Contains("asked for by hand", await world.DoAsync("why", pod), StringComparison.Ordinal);
        await world.DoAsync("drain", pod, "--undo");
        await world.Fleet.UntilAsync("it takes rooms again", s => s.Instances.Any(i => i.Name == pod && i.State is InstanceState.Ready));

        var node = world.Fleet.Kubelet.KubernetesNode;
        await world.DoAsync("drain", node);
        Assert.True((await world.Fleet.Client.CoreV1.ReadNodeAsync(node)).Spec.Unschedulable);
        await world.Fleet.UntilAsync("it drains with its node", s => s.Instances.Any(i => i.Name == pod && i.State is InstanceState.Draining));
        await world.DoAsync("drain", $"node/{node}", "--undo");
        Assert.Null((await world.Fleet.Client.CoreV1.ReadNodeAsync(node)).Spec.Unschedulable);
    }

    [Fact]
    public async Task A_room_is_moved_and_a_move_that_cannot_be_is_explained()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 2, spec => spec["capacity"] = new JsonObject { ["maxRooms"] = 1 });
        await world.Rooms.CreateAsync("room");
        var from = (await world.Rooms.ReadyAsync("room")).Assignments[0].Instance;
        var to = (await world.Fleet.PodNamesAsync()).Single(pod => pod != from);
        var (code, _, errors) = await world.RunAsync("move", "room", "--to", to, "--wait");
        Assert.True(code == 0, errors);
        Assert.Contains($"room is on {to}", errors, StringComparison.Ordinal);
        Assert.Equal(to, (await world.Rooms.ReadyAsync("room", generation: 2)).Assignments[0].Instance);

        await world.Rooms.CreateAsync("other");
        await world.Rooms.ReadyAsync("other");
        (code, _, errors) = await world.RunAsync("move", "room", "--to", from, "--wait");
        Assert.Equal(1, code);
        Assert.Contains($"room does not move: {from} cannot take 10 participants: it is full", errors, StringComparison.Ordinal);
        (code, _, errors) = await world.RunAsync("move", "room", "--to", "nowhere");
        Assert.Equal(1, code);
        Assert.Contains("has a pod nowhere; kubectl sfu top lists them", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_gathered_for_a_report_holds_no_address_no_key_and_nobodys_name()
    {
        await using var world = await PluginWorld.CreateAsync(fixture, pods: 1);
        world.Rooms.People["room"] = 2;
        var creator = new string('a', 31) + "7";
        await world.Rooms.CreateAsync("room", $$"""{"displayName":"Alice and Bob","createdBy":"{{creator}}"}""");
        var status = await world.Rooms.UntilAsync("room", "counts its people", s => s.Participants == 2);
        await world.Fleet.ToldAsync("Placed");
        var file = Path.Combine(Directory.CreateTempSubdirectory("buildit-debug-").FullName, "report.tar.gz");
        output.WriteLine(await world.DoAsync("debug", "room", "--file", file));

        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        await using (var stream = new GZipStream(File.OpenRead(file), CompressionMode.Decompress))
        await using (var archive = new TarReader(stream))
        {
            while (await archive.GetNextEntryAsync(copyData: true) is { } entry)
            {
                files[entry.Name] = await new StreamReader(entry.DataStream!).ReadToEndAsync();
            }
        }

        // No kubelet runs here that would have logs.
        Assert.Equal(
            ["events.json", "fleet-fleet.json", $"log-{status.Assignments[0].Instance}.txt.missing.txt", "operator-fleet-fleet.json", "operator-room.json", "room.json", "versions.txt"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("Ready", JsonNode.Parse(files["room.json"])!["status"]!["phase"]!.GetValue<string>());
        Assert.Contains("Placed", files["events.json"], StringComparison.Ordinal);
        Assert.Contains("heartbeat and probe are well", files["operator-fleet-fleet.json"], StringComparison.Ordinal);
        var node = world.Fleet.Kubelet.Running.Values.Single();
        foreach (var secret in (string[])[status.Assignments[0].Endpoint!, world.Fleet.Redis.Address, node.Ip, "203.0.113.7", "10.1.2.3", creator, "Alice", "127.0.0.1"])
        {
            Assert.All(files, each => Assert.False(each.Value.Contains(secret, StringComparison.Ordinal), $"{each.Key} holds {secret}"));
        }
    }
}
