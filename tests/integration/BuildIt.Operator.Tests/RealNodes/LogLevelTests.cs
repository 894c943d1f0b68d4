using System.Text.Json;
using BuildIt.Operator.Tests.Harness;

namespace BuildIt.Operator.Tests.RealNodes;

/// <summary>Operator, room API and a node, each a process of its own, log more while they run, and less again, and a call on the node goes on.</summary>
[Collection(RealNodeCollection.Name)]
public sealed class LogLevelTests(OperatorFixture fixture)
{
    private const string Framework = "Microsoft.AspNetCore.";

    [Fact]
    public async Task Whoever_annotates_a_pod_sees_more_of_it_without_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("buildit-levels-");
        var (ofOperator, ofRoomApi) = (Path.Combine(folder.FullName, "operator"), Path.Combine(folder.FullName, "room-api"));
        await using var control = new ControlPlane();
        await using var world = await RealWorld.CreateAsync(fixture, real: 1, start: (fleet, redis) => control.StartAsync(fleet, fixture.Cluster, redis, new Dictionary<string, string?>
        {
            ["BUILDIT_OPERATOR_LOG_LEVEL_FILE"] = ofOperator,
            ["BUILDIT_ROOMAPI_LOG_LEVEL_FILE"] = ofRoomApi,
        }));
        var node = world.OwnerOf(await world.OpenAsync("room"));
        await using var call = await Call.StartAsync(world.Network, "room", node, node);
        using var http = new HttpClient();

        await FollowsAsync(() => control.OperatorLog, new Uri(control.Operator, "/healthz"), level => File.WriteAllTextAsync(ofOperator, level));
        await FollowsAsync(() => control.RoomApiLog, new Uri(control.RoomApi, "/healthz"), level => File.WriteAllTextAsync(ofRoomApi, level));
        await FollowsAsync(() => node.Log, new Uri($"http://{node.Ip}:{node.HealthPort}/healthz"), node.SetLogLevelAsync);
        await call.AssertUndisturbedAsync(TimeSpan.FromSeconds(2));

        foreach (var line in (control.OperatorLog + control.RoomApiLog).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var read = JsonDocument.Parse(line);
            Assert.True(read.RootElement.GetProperty("Message").GetString() is { Length: > 0 }, line);
        }

        folder.Delete(recursive: true);

        async Task FollowsAsync(Func<string> log, Uri request, Func<string, Task> set)
        {
            Assert.DoesNotContain(Framework, log(), StringComparison.Ordinal);
            await set($"Information,{Framework}Hosting=Debug,{Framework}Server.Kestrel=Debug");
            await Eventually.TrueAsync(
                async () =>
                {
                    using var answer = await http.GetAsync(request);
                    return log().Contains(Framework, StringComparison.Ordinal);
                },
                $"{request} says more",
                () => Task.FromResult(log()));
            await set(string.Empty);
            await Eventually.TrueAsync(() => log().Contains("From now on this is logged: Information\"", StringComparison.Ordinal) || log().TrimEnd().EndsWith("From now on this is logged: Information", StringComparison.Ordinal), $"{request} says less", () => Task.FromResult(log()));
            var said = Lines();
            using (var answer = await http.GetAsync(request))
            {
                Assert.True(answer.IsSuccessStatusCode);
            }

            Assert.Equal(said, Lines());

            int Lines() => log().Split('\n').Count(line => line.Contains(Framework, StringComparison.Ordinal) && !line.Contains("From now on", StringComparison.Ordinal));
        }
    }
}
