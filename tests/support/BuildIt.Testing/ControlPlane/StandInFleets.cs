using BuildIt.Operator.Api;
using k8s;
using k8s.Models;

namespace BuildIt.Testing.ControlPlane;

/// <summary>Fleets in a real API server that only have a status: nobody runs them.</summary>
public static class StandInFleets
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Installs the resource definitions of crds/.</summary>
    public static async Task InstallDefinitionsAsync(IKubernetes kubernetes)
    {
        foreach (var file in Directory.GetFiles(RepositoryRoot.Path("crds"), "*.yaml"))
        {
            var crd = KubernetesYaml.Deserialize<V1CustomResourceDefinition>(await File.ReadAllTextAsync(file));
            await kubernetes.ApiextensionsV1.CreateCustomResourceDefinitionAsync(crd);
            using var limit = new CancellationTokenSource(Patience);
            while ((await kubernetes.ApiextensionsV1.ReadCustomResourceDefinitionAsync(crd.Metadata.Name, cancellationToken: limit.Token))
                .Status?.Conditions?.Any(condition => condition is { Type: "Established", Status: "True" }) != true)
            {
                await Task.Delay(20, limit.Token);
            }
        }
    }

    /// <summary>Makes a fleet with one ready pod.</summary>
    public static async Task AddAsync(IKubernetes kubernetes, string ns, SfuCluster fleet)
    {
        await kubernetes.CustomObjects.CreateNamespacedCustomObjectAsync<SfuCluster>(fleet, SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural);
        await kubernetes.CustomObjects.PatchNamespacedCustomObjectStatusAsync<SfuCluster>(
            new V1Patch("""{"status":{"readyReplicas":1,"replicas":1,"load":{"utilizationPercent":10}}}""", V1Patch.PatchType.MergePatch),
            SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural, fleet.Metadata.Name);
    }
}
