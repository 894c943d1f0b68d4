using System.Net;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Cluster;

/// <summary>Shows that the fixtures are what they claim, since every integration test trusts them.</summary>
public sealed class ClusterSmokeTests(KubernetesCluster cluster) : IClassFixture<KubernetesCluster>
{
    [Fact]
    public async Task NamespacesKeepTestsApart()
    {
        var first = await cluster.CreateNamespaceAsync();
        var second = await cluster.CreateNamespaceAsync();

        await cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(ConfigMap("only-here"), first);

        Assert.NotEqual(first, second);
        Assert.Contains((await cluster.Client.CoreV1.ListNamespacedConfigMapAsync(first)).Items, map => map.Metadata.Name == "only-here");
        Assert.DoesNotContain((await cluster.Client.CoreV1.ListNamespacedConfigMapAsync(second)).Items, map => map.Metadata.Name == "only-here");
    }

    [Fact]
    public async Task PodsAreAcceptedAndStayPendingWithoutNodes()
    {
        var space = await cluster.CreateNamespaceAsync();
        var pod = new V1Pod
        {
            Metadata = new V1ObjectMeta { Name = "lonely" },
            Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = "none" }] },
        };

        var created = await cluster.Client.CoreV1.CreateNamespacedPodAsync(pod, space);

        Assert.Equal("Pending", created.Status.Phase);
    }

    [Fact]
    public async Task UnknownUsersAreRefused()
    {
        var configuration = cluster.ClientConfiguration();
        configuration.ClientCertificateData = null;
        configuration.ClientCertificateKeyData = null;
        configuration.ClientKeyFilePath = null;
        configuration.ClientCertificateFilePath = null;
        using var stranger = new Kubernetes(configuration);

        var refusal = await Assert.ThrowsAsync<HttpOperationException>(() => stranger.CoreV1.ListNamespacedSecretAsync("default"));

        Assert.Contains(refusal.Response.StatusCode, new[] { HttpStatusCode.Forbidden, HttpStatusCode.Unauthorized });
    }

    private static V1ConfigMap ConfigMap(string name) => new() { Metadata = new V1ObjectMeta { Name = name } };
}
