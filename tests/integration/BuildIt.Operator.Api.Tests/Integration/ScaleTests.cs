using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Api.Tests.Integration;

/// <summary>The scale subresource as Kubernetes' own controllers use it: a real kube-controller-manager runs.</summary>
public sealed class ScaleTests : IAsyncLifetime
{
    // A HorizontalPodAutoscaler looks every 15 seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private KubernetesCluster? _started;

    private KubernetesCluster Cluster => _started!;

    public async Task InitializeAsync()
    {
        _started = await KubernetesCluster.StartAsync(controllerManager: true);
        var file = Path.Combine(RepositoryFiles.Root, "crds", "sfu.buildit.network_sfuclusters.yaml");
        await Cluster.Client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(await KubernetesYaml.LoadFromFileAsync<V1CustomResourceDefinition>(file));
    }

    public async Task DisposeAsync() => await Cluster.DisposeAsync();

    [Fact]
    public async Task A_HorizontalPodAutoscaler_reads_a_fleet_leaves_it_alone_until_it_is_handed_over_and_then_scales_it()
    {
        var ns = await Cluster.CreateNamespaceAsync();
        await CreateFleetAsync(ns);

        // Readable, and 0, which the server leaves out of the answer.
        Assert.Equal(0, (await ScaleAsync(ns))["spec"]!["replicas"]?.GetValue<int>() ?? 0);
        await Cluster.Client.AutoscalingV1.CreateNamespacedHorizontalPodAutoscalerAsync(
            new V1HorizontalPodAutoscaler
            {
                Metadata = new V1ObjectMeta { Name = "fleet" },
                Spec = new V1HorizontalPodAutoscalerSpec
                {
                    ScaleTargetRef = new V1CrossVersionObjectReference { ApiVersion = SfuApi.GroupVersion, Kind = SfuCluster.KindName, Name = "fleet" },
                    MinReplicas = 3,
                    MaxReplicas = 5,
                    TargetCPUUtilizationPercentage = 50,
                },
            },
            ns);
        await UntilAsync("it says that the fleet is not its own", async () => (await ConditionsAsync(ns)).Contains("ScalingActive False ScalingDisabled"), () => ConditionsAsync(ns));
        Assert.Contains("AbleToScale True SucceededGetScale", await ConditionsAsync(ns));
        Assert.Equal(0, await DesiredAsync(ns));

        await PatchScaleAsync(ns, 1);
        await UntilAsync("it holds the fleet at its least number", async () => await DesiredAsync(ns) == 3, () => ConditionsAsync(ns));
        await PatchScaleAsync(ns, 9);
        await UntilAsync("it holds the fleet at its most", async () => await DesiredAsync(ns) == 5, () => ConditionsAsync(ns));

        await PatchScaleAsync(ns, 0);
        await UntilAsync("it has let go", async () => (await ConditionsAsync(ns)).Contains("ScalingActive False ScalingDisabled"), () => ConditionsAsync(ns));
        Assert.Equal(0, await DesiredAsync(ns));
    }

    private async Task CreateFleetAsync(string ns)
    {
        var body = JsonNode.Parse($$"""
            {"apiVersion":"{{SfuApi.GroupVersion}}","kind":"{{SfuCluster.KindName}}","metadata":{"name":"fleet"},
             "spec":{"region":"us-east-1","redis":{"addresses":["redis:6379"]},"apiKeysSecretRef":{"name":"keys"} } }
            """);
        await UntilAsync(
            "the kind is served",
            async () =>
            {
                try
                {
                    await Cluster.Client.CustomObjects.CreateNamespacedCustomObjectAsync(body, SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural);
                    return true;
                }
                catch (HttpOperationException refused) when (refused.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.TooManyRequests)
                {
                    return false;
                }
            },
            () => Task.FromResult<IReadOnlyList<string>>([]));
    }

    /// <summary>The GET that a HorizontalPodAutoscaler begins with.</summary>
    private async Task<JsonNode> ScaleAsync(string ns) => JsonSerializer.SerializeToNode(
        await Cluster.Client.CustomObjects.GetNamespacedCustomObjectScaleAsync(SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural, "fleet"))!;

    private Task PatchScaleAsync(string ns, int replicas) => Cluster.Client.CustomObjects.PatchNamespacedCustomObjectScaleAsync(
        new V1Patch("{\"spec\":{\"replicas\":" + replicas + "}}", V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural, "fleet");

    private async Task<int> DesiredAsync(string ns) =>
        JsonSerializer.SerializeToNode(await Cluster.Client.CustomObjects.GetNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural, "fleet"))!
            ["spec"]!["replicas"]!["desired"]!.GetValue<int>();

    /// <summary>What the autoscaler says of itself. In autoscaling/v1, which every server has, conditions are an annotation.</summary>
    private async Task<IReadOnlyList<string>> ConditionsAsync(string ns)
    {
        var autoscaler = await Cluster.Client.AutoscalingV1.ReadNamespacedHorizontalPodAutoscalerAsync("fleet", ns);
        return autoscaler.Metadata.Annotations?.TryGetValue("autoscaling.alpha.kubernetes.io/conditions", out var conditions) == true
            ? [.. JsonNode.Parse(conditions)!.AsArray().Select(c => $"{c!["type"]} {c["status"]} {c["reason"]}")]
            : [];
    }

    private static async Task UntilAsync(string what, Func<Task<bool>> condition, Func<Task<IReadOnlyList<string>>> describe)
    {
        for (var watch = Stopwatch.StartNew(); !await condition(); await Task.Delay(200))
        {
            if (watch.Elapsed > Patience)
            {
                Assert.Fail($"Not within {Patience}: {what}; {string.Join(", ", await describe())}");
            }
        }
    }
}
