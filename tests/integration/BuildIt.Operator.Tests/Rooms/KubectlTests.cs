using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;
using Xunit.Abstractions;

namespace BuildIt.Operator.Tests.Rooms;

/// <summary>What a person sees of rooms with the real kubectl.</summary>
public sealed class KubectlTests(OperatorFixture fixture, ITestOutputHelper output) : IClassFixture<OperatorFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Get_tells_at_a_glance_where_each_room_is_in_what_phase_and_with_how_many_people()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1, spec =>
        {
            spec["capacity"] = new JsonObject { ["maxRooms"] = 2 };
            spec["autoscaling"]!["targetUtilization"] = 1;
        });
        world.People["standup"] = 3;
        foreach (var room in (string[])["standup", "unused"])
        {
            await world.CreateAsync(room);
            await world.ReadyAsync(room);
        }

        await world.CreateAsync("queued");
        await world.UntilAsync("queued", "waits", s => s.Conditions.Any(c => c is { Type: "Ready", Reason: "NoCapacity" }));
        await world.UntilAsync("standup", "counts its people", s => s.Participants == 3);
        var pod = Assert.Single(await world.Fleet.PodNamesAsync());

        var table = await KubectlAsync(world, "get", "rooms");
        var rows = table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToList();
        Assert.Equal(["NAME", "PHASE", "REGION", "INSTANCE", "PARTICIPANTS", "CASCADED", "AGE"], rows[0]);
        Assert.Equal(["standup", "Ready", "test-1", pod, "3"], Row("standup")[..5]);
        Assert.Equal(["unused", "Ready", "test-1", pod, "0"], Row("unused")[..5]);
        Assert.Equal(["queued", "Pending"], Row("queued")[..2]);
        Assert.DoesNotContain(pod, Row("queued"));
        var expiry = $"{DateTime.UtcNow.AddHours(3):yyyy-MM-ddTHH:mm:ssZ}";
        await world.PatchAsync("standup", $$"""{"expiresAt":"{{expiry}}"}""");
        var wide = await KubectlAsync(world, "get", "room", "-o", "wide");
        Assert.Contains("FAILOVERS", wide, StringComparison.Ordinal);
        Assert.Contains(expiry, wide, StringComparison.Ordinal);

        string[] Row(string room) => Assert.Single(rows, row => row[0] == room);
    }

    [Fact]
    public async Task Describe_tells_the_story_of_a_room()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 3);
        world.People["room"] = 2;
        await world.CreateAsync("room");
        var first = (await world.ReadyAsync("room")).Assignments[0].Instance;
        await world.UntilAsync("room", "counts its people", s => s.Participants == 2);
        await world.Fleet.Kubelet.Running[first].DieAsync();
        var second = (await world.ReadyAsync("room", generation: 2)).Assignments[0].Instance;
        await world.PatchAsync("room", $$"""{"expiresAt":"{{DateTime.UtcNow.AddSeconds(2):yyyy-MM-ddTHH:mm:ssZ}}"}""");
        await world.UntilAsync("room", "ends", s => s.Phase is RoomPhase.Ended);

        await StoryIsAsync(world, "room", "Placed", "OwnerLost", "FailedOver", "Serving", "Ended");
        var told = await KubectlAsync(world, "describe", "room", "room");
        Assert.Contains($"{first} is dead", told, StringComparison.Ordinal);
        Assert.Contains($"now on {second}", told, StringComparison.Ordinal);
        Assert.Contains("its time is over", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_tells_that_a_room_waits_and_for_what()
    {
        await using var world = await RoomWorld.CreateForOneRoomAsync(fixture);
        await world.CreateAsync("first");
        await world.ReadyAsync("first");
        await world.CreateAsync("second");
        await world.ReadyAsync("second");

        await StoryIsAsync(world, "second", "NoCapacity", "Placed");
        Assert.Contains("no pod in any region has room for 10 participants: 1 full", await KubectlAsync(world, "describe", "room", "second"), StringComparison.Ordinal);
    }

    // Events are written in the background, and kubectl shows them in the order of their times.
    private async Task StoryIsAsync(RoomWorld world, string room, params string[] reasons)
    {
        var told = string.Empty;
        await Eventually.TrueAsync(
            async () =>
            {
                told = await KubectlAsync(world, "describe", "room", room);
                return reasons.All(told[told.IndexOf("Events:", StringComparison.Ordinal)..].Contains);
            },
            $"kubectl tells {string.Join(", ", reasons)}",
            () => Task.FromResult(told));
        output.WriteLine(told);

        // Why a room waits may be told more than once, when it changes.
        var events = (await world.Fleet.EventsOfAsync(room)).Select(e => e.Reason).Where(reasons.Contains).Distinct();
        Assert.Equal(reasons, events);
    }

    private async Task<string> KubectlAsync(RoomWorld world, params string[] arguments)
    {
        var tools = (await ChildProcess.RunAsync(RepositoryRoot.Path("tests", "cluster", "tools.sh"), [], Patience)).Trim();
        return await ChildProcess.RunAsync(
            Path.Combine(tools, "kubectl"), ["--kubeconfig", fixture.Cluster.KubeconfigPath, "--namespace", world.Fleet.Namespace, .. arguments], Patience);
    }
}
