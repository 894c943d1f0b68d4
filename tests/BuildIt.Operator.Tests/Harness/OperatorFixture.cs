using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>A real API server with the product's kinds, and a real Redis. Tests keep apart by namespaces.</summary>
public sealed class OperatorFixture : IAsyncLifetime
{
    public KubernetesCluster Cluster { get; } = new();

    public RedisServer Redis { get; } = new();

    public async Task InitializeAsync()
    {
        await Task.WhenAll(Cluster.InitializeAsync(), Redis.InitializeAsync());
        await InstallKindsAsync(Cluster);
    }

    public async Task DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await Redis.DisposeAsync();
    }

    /// <summary>Installs crds/ and waits until the kinds are served.</summary>
    public static async Task InstallKindsAsync(KubernetesCluster cluster)
    {
        foreach (var file in Directory.GetFiles(RepositoryRoot.Path("crds"), "*.yaml"))
        {
            var kind = KubernetesYaml.Deserialize<V1CustomResourceDefinition>(await File.ReadAllTextAsync(file));
            try
            {
                await cluster.Client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(kind);
            }
            catch (HttpOperationException refused) when (refused.Response.StatusCode == System.Net.HttpStatusCode.Conflict)
            {
            }
        }

        foreach (var plural in (string[])["sfuclusters", "conferencerooms", "regionlinks"])
        {
            await Eventually.TrueAsync(
                async () => await Client(cluster).GetRawAsync($"apis/sfu.buildit.network/v1alpha1/{plural}", CancellationToken.None) is not null, $"{plural} are served");
        }
    }

    /// <summary>A client beside the operator's own.</summary>
    public static ApiClient Client(KubernetesCluster cluster) =>
        new(new Kubernetes(cluster.ClientConfiguration()), "tests", TimeProvider.System);
}

[CollectionDefinition(Name)]
public sealed class OperatorCollection : ICollectionFixture<OperatorFixture>
{
    public const string Name = "operator";
}
