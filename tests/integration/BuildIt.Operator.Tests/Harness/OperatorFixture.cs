using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>
/// A real API server with the product's kinds, and a real Redis, shared by the classes that run side by side. Tests keep apart
/// by namespaces.
/// </summary>
public sealed class OperatorFixture : IAsyncLifetime
{
    private static readonly SemaphoreSlim Gate = new(1);
    private static Servers? _shared;
    private static int _users;

    public KubernetesCluster Cluster => _shared!.Cluster;

    public RedisServer Redis => _shared!.Redis;

    public async Task InitializeAsync()
    {
        await Gate.WaitAsync();
        try
        {
            _users++;
            if (_shared is null)
            {
                var servers = new Servers(new KubernetesCluster(), new RedisServer());
                await Task.WhenAll(servers.Cluster.InitializeAsync(), servers.Redis.InitializeAsync());
                await InstallKindsAsync(servers.Cluster);
                _shared = servers;
            }
        }
        finally
        {
            Gate.Release();
        }
    }

    public async Task DisposeAsync()
    {
        await Gate.WaitAsync();
        try
        {
            if (--_users == 0 && _shared is { } servers)
            {
                _shared = null;
                await servers.Cluster.DisposeAsync();
                await servers.Redis.DisposeAsync();
            }
        }
        finally
        {
            Gate.Release();
        }
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

    private sealed record Servers(KubernetesCluster Cluster, RedisServer Redis);
}
