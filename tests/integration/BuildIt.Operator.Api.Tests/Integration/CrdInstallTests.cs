using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Tests.Validation;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Api.Tests.Integration;

/// <summary>The generated definitions in a real API server.</summary>
public sealed class CrdInstallTests(KubernetesCluster cluster) : IClassFixture<KubernetesCluster>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_server_accepts_them_and_does_what_they_say()
    {
        foreach (var file in Directory.GetFiles(Path.Combine(RepositoryFiles.Root, "crds"), "*.yaml"))
        {
            await InstallAsync(await KubernetesYaml.LoadFromFileAsync<V1CustomResourceDefinition>(file));
        }

        var ns = await cluster.CreateNamespaceAsync();
        await DefaultsAreTheInitialValuesAsync(ns);
        await ScaleWritesTheNumberAskedForByHandAsync(ns);
        await BoundsAreCheckedAsync(ns);
    }

    private async Task DefaultsAreTheInitialValuesAsync(string ns)
    {
        var minimal = JsonNode.Parse("""{"region":"us-east-1","redis":{"addresses":["redis:6379"]},"apiKeysSecretRef":{"name":"keys"}}""");
        var stored = await CreateAsync(ns, "fleet", minimal);
        var expected = Validation.GoodResourceTests.Cluster().Spec;

        Assert.Equal(Canonical(JsonSerializer.SerializeToNode(expected, ApiJson.Options)), Canonical(JsonSerializer.SerializeToNode(stored.Spec, ApiJson.Options)));

        // What the server filled in, and not only what reading it made of it.
        var raw = await cluster.Client.CustomObjects.GetNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural, "fleet");
        var spec = JsonSerializer.SerializeToNode(raw)!["spec"]!;
        Assert.Equal(50, spec["capacity"]!["maxPublishers"]!.GetValue<int>());
        Assert.Equal("10m", spec["drain"]!["deadline"]!.GetValue<string>());
        Assert.Equal("100%", spec["autoscaling"]!["scaleUp"]!["maxStep"]!.GetValue<string>());
        Assert.Equal("8Gi", spec["resources"]!["limits"]!["memory"]!.GetValue<string>());
    }

    private async Task ScaleWritesTheNumberAskedForByHandAsync(string ns)
    {
        await cluster.Client.CustomObjects.PatchNamespacedCustomObjectScaleAsync(
            new V1Patch("""{"spec":{"replicas":4}}""", V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural, "fleet");
        var raw = await cluster.Client.CustomObjects.GetNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural, "fleet");

        Assert.Equal(4, JsonSerializer.SerializeToNode(raw)!["spec"]!["replicas"]!["desired"]!.GetValue<int>());
    }

    private async Task BoundsAreCheckedAsync(string ns)
    {
        foreach (var wrong in (string[])["""{"drain":{"mode":"wait"}}""", """{"capacity":{"ingress":"500MB"}}""", """{"replicas":{"min":-1}}""", """{"drain":{"deadline":"2d"}}""", "{}"])
        {
            var spec = JsonNode.Parse(wrong)!.AsObject();
            if (spec.Count > 0)
            {
                spec["region"] = "us-east-1";
                spec["redis"] = new JsonObject { ["addresses"] = new JsonArray("redis:6379") };
                spec["apiKeysSecretRef"] = new JsonObject { ["name"] = "keys" };
            }

            var refused = await Assert.ThrowsAsync<HttpOperationException>(() => CreateAsync(ns, "bad", spec));
            Assert.Equal(System.Net.HttpStatusCode.UnprocessableEntity, refused.Response.StatusCode);
        }
    }

    private async Task InstallAsync(V1CustomResourceDefinition definition)
    {
        await cluster.Client.ApiextensionsV1.CreateCustomResourceDefinitionAsync(definition);
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var conditions = (await cluster.Client.ApiextensionsV1.ReadCustomResourceDefinitionAsync(definition.Metadata.Name)).Status?.Conditions ?? [];
            Assert.DoesNotContain(conditions, c => c.Type == "NonStructuralSchema");
            if (conditions.Any(c => c is { Type: "Established", Status: "True" }))
            {
                return;
            }

            Assert.True(watch.Elapsed < Patience, $"{definition.Metadata.Name} is not established");
            await Task.Delay(50);
        }
    }

    private async Task<SfuCluster> CreateAsync(string ns, string name, JsonNode? spec)
    {
        var body = new JsonObject
        {
            ["apiVersion"] = SfuApi.GroupVersion,
            ["kind"] = SfuCluster.KindName,
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = spec,
        };
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                var made = await cluster.Client.CustomObjects.CreateNamespacedCustomObjectAsync(body, SfuApi.Group, SfuApi.Version, ns, SfuCluster.Plural);
                return JsonSerializer.SerializeToNode(made).Deserialize<SfuCluster>(ApiJson.Options)!;
            }
            catch (HttpOperationException refused) when (refused.Response.StatusCode == System.Net.HttpStatusCode.NotFound && watch.Elapsed < Patience)
            {
                // Established, but not served yet.
                await Task.Delay(50);
            }
        }
    }

    private static string Canonical(JsonNode? node) => node switch
    {
        JsonObject members => "{" + string.Join(",", members.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}:{Canonical(m.Value)}")) + "}",
        JsonArray items => "[" + string.Join(",", items.Select(Canonical)) + "]",
        _ => node?.ToJsonString() ?? "null",
    };
}
