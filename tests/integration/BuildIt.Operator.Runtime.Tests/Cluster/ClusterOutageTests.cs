using System.Net;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Cluster;

/// <summary>The outages that a controller must survive can be made, and are what they should be.</summary>
public sealed class ClusterOutageTests
{
    [Fact]
    public async Task ApiServerComesBackOnTheSamePortWithItsDataAndOldRevisionsAreGone()
    {
        await using var cluster = await KubernetesCluster.StartAsync();
        if (!cluster.OwnsApiServer)
        {
            return;
        }

        var space = await cluster.CreateNamespaceAsync();
        var map = await cluster.Client.CoreV1.CreateNamespacedConfigMapAsync(
            new V1ConfigMap { Metadata = new V1ObjectMeta { Name = "survivor" } }, space);
        var old = map.Metadata.ResourceVersion;
        map.Data = new Dictionary<string, string> { ["turn"] = "2" };
        await cluster.Client.CoreV1.ReplaceNamespacedConfigMapAsync(map, "survivor", space);

        await cluster.StopApiServerAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => cluster.Client.CoreV1.ListNamespaceAsync());
        await cluster.CompactEtcdAsync();
        await cluster.StartApiServerAsync();

        var back = await cluster.Client.CoreV1.ReadNamespacedConfigMapAsync("survivor", space);
        Assert.Equal("2", back.Data["turn"]);
        Exception? error = null;
        await foreach (var _ in cluster.Client.CoreV1.WatchListNamespacedConfigMapAsync(space, resourceVersion: old, onError: e => error = e))
        {
            Assert.Fail("A revision from before the compaction was watched.");
        }

        var gone = Assert.IsType<KubernetesException>(error);
        Assert.Equal((int)HttpStatusCode.Gone, gone.Status.Code);
    }
}
