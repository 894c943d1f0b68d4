using System.Net;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Tests.Harness;
using BuildIt.Testing;
using k8s;

namespace BuildIt.Operator.Tests.Clusters;

public sealed class BadSpecTests(OperatorFixture fixture) : IClassFixture<OperatorFixture>
{
    /// <summary>Longer than any pause between the rounds of a fleet.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task What_the_schema_lets_through_is_named_in_a_condition_and_makes_no_pod_and_no_noise()
    {
        var watch = new WriteWatch();
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis, "bad");
        await world.StartOperatorAsync(watch);
        var stored = new List<string>();
        var refused = 0;
        foreach (var (file, resource) in BadResources.Read().Where(r => r.Resource["kind"]?.GetValue<string>() == SfuCluster.KindName))
        {
            try
            {
                var name = $"bad-{Path.GetFileNameWithoutExtension(file)}";
                resource["metadata"] = new JsonObject { ["name"] = name[..Math.Min(39, name.Length)].TrimEnd('-') + "x", ["namespace"] = world.Namespace };
                await world.Api.ApplyAsync<SfuCluster>(world.Namespace, resource["metadata"]!["name"]!.GetValue<string>(), resource, CancellationToken.None);
                stored.Add(resource["metadata"]!["name"]!.GetValue<string>());
            }
            catch (ApiException refusal) when (refusal.Code is HttpStatusCode.UnprocessableEntity or HttpStatusCode.BadRequest or HttpStatusCode.InternalServerError)
            {
                Assert.NotEmpty(refusal.Message);
                refused++;
            }
        }

        Assert.True(refused >= 10 && stored.Count >= 8, $"{refused} refused by the schema, {stored.Count} stored");
        var silent = new List<string>();
        foreach (var name in stored)
        {
            await Eventually.TrueAsync(async () => (await world.StatusAsync(name)).Conditions.Any(c => c.Type == "Degraded"), $"{name} is judged", world.DescribeAsync);
            var degraded = (await world.StatusAsync(name)).Conditions.Single(c => c.Type == "Degraded");
            if (degraded is not { Status: "True", Reason: "InvalidSpec" or "SecretMissing" })
            {
                silent.Add(name);
            }
            else if (degraded.Reason == "InvalidSpec")
            {
                Assert.Matches(@"\w+[\w.\[\]]*: .{10,}", degraded.Message);
            }
        }

        // An old server throws away a field that it does not know, and only the webhook sees it; a current one refuses it.
        Assert.All(silent, name => Assert.Equal("bad-unknown-fieldx", name));
        Assert.DoesNotContain(await world.PodsAsync(), pod => !silent.Contains(pod.Metadata.Labels[SfuApi.ClusterLabel]));
        foreach (var name in silent)
        {
            await world.DeleteFleetAsync(name);
            await Eventually.TrueAsync(async () => await world.ReadFleetAsync(name) is null, $"{name} has gone", world.DescribeAsync);
        }

        // What the fleet that has gone leaves is still written; a bad spec that makes noise would never be quiet.
        await Eventually.TrueAsync(
            async () =>
            {
                var before = watch.Writes.Count;
                await Task.Delay(Quiet);
                return watch.Writes.Count == before;
            },
            "bad specs cause no writes once they are shown",
            () => Task.FromResult(string.Join('\n', watch.Writes.TakeLast(30))));
    }

    [Fact]
    public async Task A_running_fleet_keeps_its_pods_when_its_spec_turns_bad()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync();
        await world.ReadyAsync(2);
        var before = await world.PodNamesAsync();

        // No server can tell: its rules do not reach into a schedule.
        await world.PatchFleetAsync("""{"spec":{"autoscaling":{"schedules":[{"cron":"0 25 * * *","min":1}]}}}""");

        await world.UntilAsync("the fault is shown", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "InvalidSpec" }));
        Assert.Contains("spec.autoscaling.schedules", (await world.ConditionAsync("Degraded"))!.Message, StringComparison.Ordinal);
        Assert.Equal("False", (await world.ConditionAsync("Paused"))!.Status);
        Assert.Equal(before, await world.PodNamesAsync());
        await world.PatchFleetAsync("""{"spec":{"autoscaling":{"schedules":null},"replicas":{"min":3,"max":3}}}""");
        await world.ReadyAsync(3);
    }

    [Fact]
    public async Task A_missing_secret_is_named_and_the_fleet_starts_when_it_comes()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec => spec["apiKeysSecretRef"] = new JsonObject { ["name"] = "later" });
        await world.UntilAsync("it is missed", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "SecretMissing" }));
        Assert.Contains("spec.apiKeysSecretRef names the Secret later", (await world.ConditionAsync("Degraded"))!.Message, StringComparison.Ordinal);
        Assert.Empty(await world.PodsAsync());

        await world.CreateSecretAsync("later", ("key", "secret"));
        await world.ReadyAsync(2);
    }

    [Fact]
    public async Task A_pod_that_the_server_refuses_is_explained_and_tried_again_calmly()
    {
        var watch = new WriteWatch();
        await using var world = await FleetWorld.CreateAsync(fixture.Cluster, fixture.Redis, "refused");
        await world.StartOperatorAsync(watch);
        await world.CreateFleetAsync(spec => spec["podTemplate"] = new JsonObject { ["priorityClassName"] = "nobody-made-this" });
        await world.UntilAsync("the refusal is shown", status => status.Conditions.Any(c => c is { Type: "Degraded", Status: "True", Reason: "PodRefused" }));
        Assert.Contains("nobody-made-this", (await world.ConditionAsync("Degraded"))!.Message, StringComparison.Ordinal);

        // One after 4 s, the next after 8 s.
        await Task.Delay(TimeSpan.FromSeconds(3));
        Assert.True(watch.Writes.Count(w => w.Contains("/pods/", StringComparison.Ordinal)) <= 2, string.Join('\n', watch.Writes));
    }

    [Fact]
    public async Task Refusals_of_pods_that_were_never_made_become_one_Event()
    {
        await using var world = await FleetWorld.StartAsync(fixture);
        await world.CreateFleetAsync(spec => spec["podTemplate"] = new JsonObject { ["priorityClassName"] = "nobody-made-this" });

        // Each try is for a pod of another name, which nobody will ever see.
        await Eventually.TrueAsync(async () => (await world.EventsAsync("PodRefused")).Sum(e => e.Count ?? 1) >= 3, "it was tried again", world.DescribeAsync);

        var only = Assert.Single(await world.EventsAsync("PodRefused"));
        Assert.Contains("pods \"fleet-*\" is forbidden: no PriorityClass with name nobody-made-this", only.Message, StringComparison.Ordinal);
    }
}
