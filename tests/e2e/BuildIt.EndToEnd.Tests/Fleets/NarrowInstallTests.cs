using System.Net;
using BuildIt.Operator.Api;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.EndToEnd.Tests.Fleets;

/// <summary>An installation for one namespace: it works with rights that end there, and goes without a trace.</summary>
[Collection(FleetCollection.Name)]
public sealed class NarrowInstallTests(Installations installations)
{
    [RootFact]
    public async Task AFleetLivesWhereTheOperatorMayDoNothingElsewhereAndUninstallTakesAllOfItAway()
    {
        var fleet = await installations.FleetAsync(watchOnly: true);
        await fleet.CreateAsync();
        await fleet.SettledAsync(2);

        foreach (var (verb, resource) in ((string, string)[])[("get", "secrets"), ("list", "secrets"), ("delete", "pods"), ("create", "pods")])
        {
            Assert.True(await MayAsync(fleet, verb, resource, InstalledFleet.Space), $"{verb} {resource}");
            Assert.False(await MayAsync(fleet, verb, resource, "default"), $"{verb} {resource} elsewhere");
            Assert.False(await MayAsync(fleet, verb, resource, InstalledFleet.System), $"{verb} {resource} beside itself");
        }

        Assert.True(await MayAsync(fleet, "get", "secrets", InstalledFleet.System, "buildit-sfu-webhook"));
        Assert.False(await MayAsync(fleet, "get", "secrets", InstalledFleet.System, "sh.helm.release.v1.buildit-sfu.v1"));
        await RefusesNonsenseHereAloneAsync(fleet);

        await ReplacesAKilledPodAsync(fleet);
        await fleet.KubectlAsync("delete", "sfu", "--all", "--timeout", "120s");
        await fleet.UninstallAsync(wait: true);
        await LeavesNothingAsync(fleet);
    }

    private static async Task<bool> MayAsync(InstalledFleet fleet, string verb, string resource, string space, string? name = null)
    {
        var review = await fleet.Client.AuthorizationV1.CreateSubjectAccessReviewAsync(new V1SubjectAccessReview
        {
            Spec = new V1SubjectAccessReviewSpec
            {
                User = $"system:serviceaccount:{InstalledFleet.System}:buildit-sfu-operator",
                Groups = ["system:serviceaccounts", $"system:serviceaccounts:{InstalledFleet.System}", "system:authenticated"],
                ResourceAttributes = new V1ResourceAttributes { Verb = verb, Resource = resource, Version = "v1", NamespaceProperty = space, Name = name },
            },
        });
        return review.Status.Allowed;
    }

    private static async Task RefusesNonsenseHereAloneAsync(InstalledFleet fleet)
    {
        var nonsense = InstalledFleet.Manifest("nonsense", schedule: "0 25 * * *");
        await Assert.ThrowsAsync<InvalidOperationException>(() => fleet.ApplyAsync(nonsense));

        // Elsewhere fleets are somebody else's.
        await fleet.ApplyAsync(nonsense.Replace($"namespace: {InstalledFleet.Space}", "namespace: default", StringComparison.Ordinal));
        await fleet.Machine.RunToolAsync("kubectl", "delete", "sfu", "nonsense", "--namespace", "default");
    }

    private static async Task ReplacesAKilledPodAsync(InstalledFleet fleet)
    {
        var victim = (await fleet.PodsAsync())[0].Metadata;
        await fleet.Client.CoreV1.DeleteNamespacedPodAsync(victim.Name, InstalledFleet.Space, new V1DeleteOptions { GracePeriodSeconds = 0 });
        await fleet.UntilAsync("the pod is replaced", async now =>
            now.Status!.ReadyReplicas == 2 && (await fleet.PodsAsync()) is { Count: 2 } pods && pods.All(pod => pod.Metadata.Uid != victim.Uid));
    }

    private static async Task LeavesNothingAsync(InstalledFleet fleet)
    {
        var names = await fleet.Machine.RunToolAsync(
            "kubectl", "get", "secrets,leases,deployments,services,configmaps,serviceaccounts,roles,rolebindings,poddisruptionbudgets", "--namespace", InstalledFleet.System, "-o", "name");
        Assert.DoesNotContain(names.Split('\n'), name => name.Contains("buildit", StringComparison.Ordinal));
        names = await fleet.Machine.RunToolAsync("kubectl", "get", "clusterroles,clusterrolebindings,validatingwebhookconfigurations", "-o", "name");
        Assert.DoesNotContain(names.Split('\n'), name => name.Contains("buildit", StringComparison.Ordinal));
        names = await fleet.KubectlAsync("get", "pods,services,secrets,poddisruptionbudgets,roles,rolebindings", "-o", "name");
        Assert.Equal(["secret/sfu-api-keys"], names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => !name.Contains("default-token", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<HttpOperationException>(fleet.ReadAsync)).Response.StatusCode);
    }
}
