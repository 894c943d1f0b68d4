using System.Net;
using BuildIt.Operator.Api;
using BuildIt.Testing;
using k8s;
using k8s.Models;
using Xunit.Abstractions;

namespace BuildIt.EndToEnd.Tests.Fleets;

/// <summary>
/// The life of a fleet with real containers, as one story: install, scale, kill, roll out, delete.
/// </summary>
[Collection(FleetCollection.Name)]
public sealed class FleetLifeTests(Installations installations, ITestOutputHelper output)
{
    [RootFact]
    public async Task AFleetIsInstalledScaledHealedRolledAndDeleted()
    {
        var clock = TimeProvider.System;
        var mark = clock.GetTimestamp();
        var fleet = await installations.FleetAsync();
        Tell("Kubernetes, images and chart");

        await fleet.CreateAsync();
        var installed = await fleet.SettledAsync(2);
        Assert.Equal("True", Condition(installed, SfuClusterConditions.Available).Status);
        Assert.All(installed.Status!.Instances, instance => Assert.False(string.IsNullOrEmpty(instance.Endpoint)));
        Tell("a fleet of 2");

        await RefusesNonsenseAsync(fleet);
        Tell("nonsense refused");

        await fleet.LoadAsync(45);
        await fleet.SettledAsync(4);
        Tell("4 under load");

        await fleet.LoadAsync(0);
        await fleet.SettledAsync(2);
        Assert.Contains(await fleet.StoryAsync(), line => line.Contains(" DrainStarted: ", StringComparison.Ordinal));
        Tell("2 again, by draining");

        await fleet.KubectlAsync("scale", "sfu", InstalledFleet.Name, "--replicas", "3");
        await fleet.SettledAsync(3);
        await fleet.KubectlAsync("scale", "sfu", InstalledFleet.Name, "--replicas", "0");
        await fleet.SettledAsync(2);
        Tell("scaled by hand to 3, and handed back");

        await ReplacesAKilledPodAsync(fleet);
        Tell("a killed pod replaced");

        await RollsOutAsync(fleet);
        Tell("a changed spec rolled out");

        await LeavesNothingAsync(fleet);
        Tell("deleted");

        void Tell(string what)
        {
            output.WriteLine($"{clock.GetElapsedTime(mark).TotalSeconds,6:F1} s  {what}");
            mark = clock.GetTimestamp();
        }
    }

    private static async Task RefusesNonsenseAsync(InstalledFleet fleet)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => fleet.ApplyAsync(InstalledFleet.Manifest("nonsense", memory: "96", schedule: "0 25 * * *")));

        // Both faults, not the first, and in the words that kubectl has for what the server itself refuses.
        Assert.Contains("The SfuCluster \"nonsense\" is invalid", refused.Message, StringComparison.Ordinal);
        Assert.Contains("spec.autoscaling.schedules", refused.Message, StringComparison.Ordinal);
        Assert.Contains("spec.resources.requests.memory", refused.Message, StringComparison.Ordinal);
    }

    private static async Task ReplacesAKilledPodAsync(InstalledFleet fleet)
    {
        var before = await fleet.PodsAsync();
        var victim = before[0].Metadata;
        await fleet.Client.CoreV1.DeleteNamespacedPodAsync(victim.Name, InstalledFleet.Space, new V1DeleteOptions { GracePeriodSeconds = 0 });
        await fleet.UntilAsync("the pod is replaced", async now =>
            now.Status!.ReadyReplicas == 2 && (await fleet.PodsAsync()) is { Count: 2 } pods && pods.All(pod => pod.Metadata.Uid != victim.Uid && IsReady(pod)));
        Assert.Contains(await fleet.PodsAsync(), pod => pod.Metadata.Uid == before[1].Metadata.Uid);
    }

    private static async Task RollsOutAsync(InstalledFleet fleet)
    {
        var before = (await fleet.ReadAsync()).Status!.Revision;
        var fewest = int.MaxValue;
        await fleet.KubectlAsync("patch", "sfu", InstalledFleet.Name, "--type", "merge", "-p", """{"spec":{"capacity":{"maxRooms":20}}}""");
        await fleet.UntilAsync("every pod has the new revision", async now =>
        {
            var pods = await fleet.PodsAsync();
            fewest = Math.Min(fewest, pods.Count(IsReady));
            return now.Status!.Revision != before && now.Status.DrainingReplicas == 0 && now.Status.ReadyReplicas == 2 && pods.Count == 2
                && pods.All(pod => pod.Metadata.Labels[SfuApi.RevisionLabel] == now.Status.Revision);
        });
        Assert.True(fewest >= 2, $"the rollout left {fewest} pods that accept rooms, where 2 are the minimum");
    }

    private static async Task LeavesNothingAsync(InstalledFleet fleet)
    {
        await fleet.KubectlAsync("delete", "sfu", InstalledFleet.Name, "--timeout", "120s");
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while ((await RemainsAsync(fleet)) is { Length: > 0 } remains)
        {
            Assert.False(limit.IsCancellationRequested, $"left behind: {remains}");
            await Task.Delay(TimeSpan.FromMilliseconds(500));
        }

        // What the person made is the person's.
        Assert.NotNull(await fleet.Client.CoreV1.ReadNamespacedSecretAsync("sfu-api-keys", InstalledFleet.Space));
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<k8s.Autorest.HttpOperationException>(fleet.ReadAsync)).Response.StatusCode);
    }

    private static async Task<string> RemainsAsync(InstalledFleet fleet) =>
        (await fleet.KubectlAsync("get", "pods,services,secrets,poddisruptionbudgets", "-l", SfuApi.ClusterLabel, "-o", "name")).Trim();

    private static bool IsReady(V1Pod pod) => pod.Status?.Conditions?.Any(each => each is { Type: "Ready", Status: "True" }) == true;

    private static V1Condition Condition(SfuCluster fleet, string type) => fleet.Status!.Conditions.Single(each => each.Type == type);
}
