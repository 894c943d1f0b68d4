using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using BuildIt.Operator.Runtime.Writing;
using BuildIt.Testing;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Integration;

[Collection(ApiCollection.Name)]
public sealed class ObjectWriterTests(KubernetesCluster cluster)
{
    [Fact]
    public async Task Nothing_is_written_when_nothing_changed()
    {
        var (ns, writes, writer, client) = await StartAsync();
        var live = await writer.ApplyAsync(Connections.ConfigMap(ns, "a"), null, CancellationToken.None);
        Assert.Equal(1, writes.Count);

        await writer.ApplyAsync(Connections.ConfigMap(ns, "a"), live, CancellationToken.None);
        Assert.Equal(1, writes.Count);

        // Another process, which did not write it itself, sees it too.
        var fresh = await client.GetAsync<V1ConfigMap>(ns, "a", CancellationToken.None);
        await Writer(client).ApplyAsync(Connections.ConfigMap(ns, "a"), fresh, CancellationToken.None);
        Assert.Equal(1, writes.Count);
    }

    [Fact]
    public async Task A_pod_full_of_defaults_is_not_written_again()
    {
        var (ns, writes, writer, client) = await StartAsync();
        await writer.ApplyAsync(Pod(ns), null, CancellationToken.None);
        var live = await client.GetAsync<V1Pod>(ns, "p", CancellationToken.None);

        await Writer(client).ApplyAsync(Pod(ns), live, CancellationToken.None);

        Assert.Equal(1, writes.Count);
    }

    [Fact]
    public async Task Drift_is_repaired_and_what_others_add_is_left_alone()
    {
        var (ns, writes, writer, client) = await StartAsync();
        await writer.ApplyAsync(Connections.ConfigMap(ns, "a", "wanted"), null, CancellationToken.None);
        var drifted = await client.GetAsync<V1ConfigMap>(ns, "a", CancellationToken.None);
        drifted!.Data["key"] = "meddled";
        drifted.Data["other"] = "theirs";
        drifted = await cluster.Client.CoreV1.ReplaceNamespacedConfigMapAsync(drifted, "a", ns);

        var repaired = await writer.ApplyAsync(Connections.ConfigMap(ns, "a", "wanted"), drifted, CancellationToken.None);

        Assert.Equal(2, writes.Count);
        Assert.Equal("wanted", repaired.Data["key"]);
        Assert.Equal("theirs", repaired.Data["other"]);
    }

    [Fact]
    public async Task A_field_that_is_no_longer_wanted_is_taken_away()
    {
        var (ns, writes, writer, _) = await StartAsync();
        var both = Connections.ConfigMap(ns, "a");
        both.Data["second"] = "x";
        var live = await writer.ApplyAsync(both, null, CancellationToken.None);

        live = await writer.ApplyAsync(Connections.ConfigMap(ns, "a"), live, CancellationToken.None);

        Assert.Equal(2, writes.Count);
        Assert.Equal(["key"], live.Data.Keys);
    }

    [Fact]
    public async Task Status_is_written_only_when_it_differs_and_never_over_a_change()
    {
        var (ns, writes, writer, client) = await StartAsync();
        await Widget.InstallAsync(cluster);
        var widget = await writer.ApplyAsync(new Widget { Metadata = new V1ObjectMeta { Name = "w", NamespaceProperty = ns } }, null, CancellationToken.None);
        var before = ObjectWriter.Copy(widget);

        Assert.True(await writer.UpdateStatusAsync(widget, new WidgetStatus("hello"), CancellationToken.None));
        Assert.Equal(2, writes.Count);
        Assert.False(await writer.UpdateStatusAsync(widget, new WidgetStatus("hello"), CancellationToken.None));
        Assert.Equal(2, writes.Count);
        Assert.Equal("hello", (await client.GetAsync<Widget>(ns, "w", CancellationToken.None))!.Status!.Message);

        var conflict = await Assert.ThrowsAsync<ApiException>(() => writer.UpdateStatusAsync(before, new WidgetStatus("stale"), CancellationToken.None));
        Assert.True(conflict.IsConflict);
    }

    [Fact]
    public async Task Only_the_very_object_is_deleted()
    {
        var (ns, _, writer, client) = await StartAsync();
        var first = await writer.ApplyAsync(Connections.ConfigMap(ns, "a"), null, CancellationToken.None);
        await writer.DeleteAsync(first, null, CancellationToken.None);
        var second = await writer.ApplyAsync(Connections.ConfigMap(ns, "a"), null, CancellationToken.None);

        await writer.DeleteAsync(first, null, CancellationToken.None);

        Assert.Equal(second.Metadata.Uid, (await client.GetAsync<V1ConfigMap>(ns, "a", CancellationToken.None))!.Metadata.Uid);
    }

    [Fact]
    public async Task What_has_changed_meanwhile_is_not_deleted_where_that_matters()
    {
        var (ns, _, writer, client) = await StartAsync();
        var seen = await writer.ApplyAsync(Connections.ConfigMap(ns, "a"), null, CancellationToken.None);
        var changed = await writer.AnnotateAsync(seen, new Dictionary<string, string?> { ["keep"] = "me" }, new Dictionary<string, string?>(), CancellationToken.None);

        await writer.DeleteUnchangedAsync(seen, CancellationToken.None);
        Assert.NotNull(await client.GetAsync<V1ConfigMap>(ns, "a", CancellationToken.None));

        await writer.DeleteUnchangedAsync(changed, CancellationToken.None);
        Assert.Null(await client.GetAsync<V1ConfigMap>(ns, "a", CancellationToken.None));
    }

    [Fact]
    public async Task Discovery_tells_what_the_server_has()
    {
        var capabilities = new ServerCapabilities(cluster.Connect());

        Assert.True(await capabilities.HasAsync("apps", "v1", "deployments", CancellationToken.None));
        Assert.True(await capabilities.HasAsync(string.Empty, "v1", "pods", CancellationToken.None));
        Assert.False(await capabilities.HasAsync("apps", "v1", "rockets", CancellationToken.None));
        Assert.False(await capabilities.HasAsync("nobody.example.com", "v1", "deployments", CancellationToken.None));
    }

    private async Task<(string Ns, WriteCounter Writes, ObjectWriter Writer, ApiClient Client)> StartAsync()
    {
        var writes = new WriteCounter();
        var client = cluster.Connect(writes);
        return (await cluster.CreateNamespaceAsync(), writes, Writer(client), client);
    }

    private static ObjectWriter Writer(ApiClient client) => new(client, new CacheRegistry());

    private static V1Pod Pod(string ns) => new()
    {
        Metadata = new V1ObjectMeta { Name = "p", NamespaceProperty = ns, Labels = new Dictionary<string, string> { ["app"] = "x" } },
        Spec = new V1PodSpec
        {
            Containers =
            [
                new V1Container
                {
                    Name = "sfu",
                    Image = "sfu:1",
                    Env = [new V1EnvVar { Name = "A", Value = "1" }],
                    Ports = [new V1ContainerPort { ContainerPort = 7882, Protocol = "UDP" }],
                    Resources = new V1ResourceRequirements { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("1000m"), ["memory"] = new("4096Mi") } },
                },
            ],
        },
    };
}
