using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using BuildIt.Operator.Api;
using BuildIt.Operator.Planning.Fleet;
using BuildIt.Operator.Planning.Replay;
using BuildIt.Operator.Planning.Rooms;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Operator.Tests.Rooms;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Tests.Debugging;

/// <summary>The operator tells its reasons to those who may hear them, and to nobody else.</summary>
public sealed partial class DebugEndpointTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    [Fact]
    public async Task Who_may_ask_is_decided_by_Kubernetes()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 1);
        await world.CreateAsync("room");
        await world.ReadyAsync("room");
        var pod = await OperatorPod.CreateAsync(world.Fleet);
        using var http = new HttpClient { BaseAddress = pod.Address };
        var good = await pod.TokenAsync(world.Fleet);
        await world.Fleet.Client.CoreV1.CreateNamespacedServiceAccountAsync(new V1ServiceAccount { Metadata = new V1ObjectMeta { Name = "stranger" } }, pod.Namespace);

        foreach (var path in (string[])[DebugApi.FleetPath(world.Fleet.Namespace, FleetWorld.Fleet), DebugApi.RoomPath(world.Fleet.Namespace, "room")])
        {
            Assert.Equal(HttpStatusCode.OK, await AskAsync(http, path, good));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, path, null));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, path, "nonsense"));
            Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(http, path, await pod.TokenAsync(world.Fleet, audience: "somebody-else")));
            Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(http, path, await pod.TokenAsync(world.Fleet, account: "stranger")));
        }

        Assert.Equal(HttpStatusCode.NotFound, await AskAsync(http, DebugApi.FleetPath(world.Fleet.Namespace, "nowhere"), good));

        // Another namespace is another right, whether or not anything is there.
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(http, DebugApi.FleetPath("kube-system", "nowhere"), good));
    }

    [Fact]
    public async Task What_is_told_can_be_planned_again_and_holds_no_address_and_no_secret()
    {
        await using var world = await RoomWorld.CreateAsync(fixture, pods: 2);
        world.People["room"] = 3;
        await world.CreateAsync("room", """{"expectedParticipants":4}""");
        var status = await world.ReadyAsync("room");
        await world.UntilAsync("room", "counts its people", s => s.Participants == 3);
        var pod = await OperatorPod.CreateAsync(world.Fleet);
        using var http = new HttpClient { BaseAddress = pod.Address };
        http.DefaultRequestHeaders.Add(DebugApi.TokenHeader, await pod.TokenAsync(world.Fleet));

        var fleetText = await http.GetStringAsync(DebugApi.FleetPath(world.Fleet.Namespace, FleetWorld.Fleet));
        var fleet = JsonSerializer.Deserialize<FleetAccount>(fleetText, PlanningJson.Options)!;
        Assert.Equal(
            JsonSerializer.Serialize(fleet.Last.Decision, PlanningJson.Options),
            JsonSerializer.Serialize(FleetPlanner.Plan(fleet.Last.Observation, fleet.Last.At), PlanningJson.Options));
        Assert.Equal(await world.Fleet.PodNamesAsync(), fleet.Last.Observation.Instances.Select(instance => instance.Name));
        Assert.Contains(fleet.Journal, entry => entry.What.StartsWith("Create ", StringComparison.Ordinal));

        var roomText = await http.GetStringAsync(DebugApi.RoomPath(world.Fleet.Namespace, "room"));
        var room = JsonSerializer.Deserialize<RoomAccount>(roomText, PlanningJson.Options)!;
        Assert.Equal((RoomStep.Keep, status.Assignments[0].Instance), (room.Decision!.Step, room.Observation!.Instance));
        Assert.Equal(room.Decision, RoomPlanner.Plan(room.Observation, room.At));
        Assert.Equal(3, Assert.Single(room.Seats).Participants);
        Assert.Equal(2, room.Options.Count);
        Assert.Contains(room.Journal, entry => entry.What == "Placed");

        foreach (var text in (string[])[fleetText, roomText])
        {
            Assert.DoesNotMatch(Address(), text);
            Assert.DoesNotContain(status.Assignments[0].Endpoint!, text, StringComparison.Ordinal);
            Assert.DoesNotContain(world.Fleet.Redis.Address, text, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", text, StringComparison.OrdinalIgnoreCase);
        }
    }

    private static async Task<HttpStatusCode> AskAsync(HttpClient http, string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.Add(DebugApi.TokenHeader, token);
        }

        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    [GeneratedRegex(@"\b\d{1,3}(\.\d{1,3}){3}\b")]
    private static partial Regex Address();
}
