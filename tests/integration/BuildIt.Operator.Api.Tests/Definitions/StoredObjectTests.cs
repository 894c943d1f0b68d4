using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.CrdGen;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>What a current server makes of the objects it stores.</summary>
[Collection(nameof(CurrentServer))]
public sealed class StoredObjectTests(CurrentServer server)
{
    public static TheoryData<string> Kinds() => [.. CrdDocument.Kinds.Select(kind => kind.Name)];

    [Fact]
    public async Task Defaults_of_a_fleet_are_the_initial_values()
    {
        var stored = await server.CreateAsync(Item("SfuCluster"));

        Assert.True(JsonNode.DeepEquals(
            JsonSerializer.SerializeToNode(Validation.GoodResourceTests.Cluster().Spec, ApiJson.Options),
            JsonSerializer.SerializeToNode(stored["spec"]!.Deserialize<SfuClusterSpec>(ApiJson.Options), ApiJson.Options)));
        Assert.Equal(50, stored["spec"]!["capacity"]!["maxPublishers"]!.GetValue<int>());
        Assert.Equal("10m", stored["spec"]!["drain"]!["deadline"]!.GetValue<string>());
        Assert.Equal("8Gi", stored["spec"]!["resources"]!["limits"]!["memory"]!.GetValue<string>());
    }

    /// <summary>An object with rules given in part, or as <c>replicas:</c> with nothing after it, which is null.</summary>
    [Theory]
    [InlineData("SfuCluster", """{"replicas":{"max":3}}""", "replicas", """{"desired":0,"max":3,"min":1}""")]
    [InlineData("SfuCluster", """{"replicas":null}""", "replicas", """{"desired":0,"max":10,"min":1}""")]
    [InlineData("SfuCluster", """{"drain":{}}""", "drain", """{"deadline":"10m","maxConcurrent":1,"mode":"Migrate"}""")]
    [InlineData("SfuCluster", """{"drain":null}""", "drain", """{"deadline":"10m","maxConcurrent":1,"mode":"Migrate"}""")]
    [InlineData("SfuCluster", """{"network":{"mode":"HostNetwork"}}""", "network", """{"mode":"HostNetwork","signalPort":7880,"tcpPort":7881,"udpPort":7882}""")]
    [InlineData("RegionLink", """{"health":{"interval":"7s"}}""", "health", """{"failureThreshold":3,"interval":"7s","maxLoss":0.05,"maxRtt":"400ms","timeout":"2s"}""")]
    [InlineData("RegionLink", """{"health":null}""", "health", """{"failureThreshold":3,"interval":"5s","maxLoss":0.05,"maxRtt":"400ms","timeout":"2s"}""")]
    public async Task What_is_left_out_of_an_object_with_rules_is_filled_in(string kind, string given, string field, string expected)
    {
        var item = Item(kind);
        foreach (var (name, value) in JsonNode.Parse(given)!.AsObject())
        {
            item["spec"]![name] = value?.DeepClone();
        }

        var stored = (await server.CreateAsync(item))["spec"]![field];

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), stored), stored?.ToJsonString());
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Unknown_fields_are_dropped(string kind)
    {
        var item = Item(kind);
        item["spec"]!["unheardOf"] = new JsonObject { ["deep"] = 1 };
        item["unheardOf"] = true;

        var stored = await server.CreateAsync(item, strict: false);

        Assert.Null(stored["unheardOf"]);
        Assert.Null(stored["spec"]!["unheardOf"]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Status_and_spec_are_written_apart(string kind)
    {
        var item = Item(kind);
        item["status"] = new JsonObject { ["observedGeneration"] = 7 };
        var stored = await server.CreateAsync(item);
        Assert.Null(stored["status"]);

        stored["status"] = new JsonObject { ["observedGeneration"] = 1 };
        stored["spec"]!["unheardOf"] = true;
        var name = stored["metadata"]!["name"]!.GetValue<string>();
        await server.Server.Client.CustomObjects.ReplaceNamespacedCustomObjectStatusAsync(
            stored, SfuApi.Group, SfuApi.Version, CurrentServer.Namespace, CurrentServer.PluralOf(kind), name);

        var read = await server.ReadAsync(kind, name);
        Assert.Equal(1, read["status"]!["observedGeneration"]!.GetValue<int>());
        Assert.Equal(1, read["metadata"]!["generation"]!.GetValue<int>());
        read["spec"]!.AsObject().Remove("unheardOf");
        Assert.Null((await server.ReplaceAsync(read))["spec"]!["unheardOf"]);
    }

    [Fact]
    public async Task Scale_writes_the_number_asked_for_by_hand_and_reads_it_back()
    {
        var name = (await server.CreateAsync(Item("SfuCluster")))["metadata"]!["name"]!.GetValue<string>();

        var scale = JsonSerializer.SerializeToNode(await server.Server.Client.CustomObjects.PatchNamespacedCustomObjectScaleAsync(
            new V1Patch("""{"spec":{"replicas":4}}""", V1Patch.PatchType.MergePatch), SfuApi.Group, SfuApi.Version, CurrentServer.Namespace, SfuCluster.Plural, name))!;

        Assert.Equal(4, scale["spec"]!["replicas"]!.GetValue<int>());
        Assert.Equal(4, (await server.ReadAsync("SfuCluster", name))["spec"]!["replicas"]!["desired"]!.GetValue<int>());
        var read = JsonSerializer.SerializeToNode(await server.Server.Client.CustomObjects.GetNamespacedCustomObjectScaleAsync(
            SfuApi.Group, SfuApi.Version, CurrentServer.Namespace, SfuCluster.Plural, name))!;
        Assert.Equal(4, read["spec"]!["replicas"]!.GetValue<int>());
    }

    private JsonObject Item(string kind) => new()
    {
        ["apiVersion"] = SfuApi.GroupVersion,
        ["kind"] = kind,
        ["metadata"] = new JsonObject { ["name"] = server.NewName() },
        ["spec"] = JsonNode.Parse(RuleCases.Specs[kind]),
    };
}
