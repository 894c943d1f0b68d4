using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.CrdGen;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>
/// Definitions that were released before (the folder "released") replaced by those of today, as an upgrade does, with objects in store. Under
/// a group of their own, so that nobody else's definitions change.
/// </summary>
[Collection(nameof(CurrentServer))]
public sealed class UpgradeTests(CurrentServer server)
{
    private const string Group = "upgrade.buildit.network";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static TheoryData<string> Kinds() => [.. CrdDocument.Kinds.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Objects_that_older_definitions_stored_are_read_written_and_get_what_was_added(string kind)
    {
        var plural = CurrentServer.PluralOf(kind);
        await ApplyAsync(Definition(Path.Combine(RepositoryFiles.Test("Definitions", "released"), $"{SfuApi.Group}_{plural}.yaml")));
        var item = new JsonObject
        {
            ["apiVersion"] = $"{Group}/{SfuApi.Version}",
            ["kind"] = kind,
            ["metadata"] = new JsonObject { ["name"] = "old" },
            ["spec"] = JsonNode.Parse(RuleCases.Specs[kind]),
        };
        var before = await EventuallyAsync(async () => Json(await Objects.CreateNamespacedCustomObjectAsync(item, Group, SfuApi.Version, CurrentServer.Namespace, plural, fieldValidation: "Strict")));

        var today = Definition(Path.Combine(RepositoryFiles.Root, "crds", $"{SfuApi.Group}_{plural}.yaml"));
        await ApplyAsync(today);

        // What was stored under the old one is served by the new one, as it was; nothing was renamed or taken away.
        var status = today["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["status"]!["properties"]!.AsObject();
        var after = await EventuallyAsync(async () =>
        {
            var read = Json(await Objects.GetNamespacedCustomObjectAsync(Group, SfuApi.Version, CurrentServer.Namespace, plural, "old"));
            read["status"] = new JsonObject { ["observedGeneration"] = 1 };
            if (status.ContainsKey("usage"))
            {
                read["status"]!["usage"] = new JsonObject { ["asOf"] = "2027-01-01T00:00:00Z" };
            }

            // The server takes a changed definition a moment later; until then it drops what it does not know.
            var stored = Json(await Objects.ReplaceNamespacedCustomObjectStatusAsync(read, Group, SfuApi.Version, CurrentServer.Namespace, plural, "old"));
            return !status.ContainsKey("usage") || stored["status"]!["usage"] is not null ? stored : throw new HttpOperationException { Response = new HttpResponseMessageWrapper(new HttpResponseMessage(HttpStatusCode.NotFound), string.Empty) };
        });
        Assert.Equal(before["metadata"]!["uid"]!.GetValue<string>(), after["metadata"]!["uid"]!.GetValue<string>());
        foreach (var (field, value) in before["spec"]!.AsObject())
        {
            Assert.True(JsonNode.DeepEquals(value, after["spec"]![field]), $"{field}: {value?.ToJsonString()} has become {after["spec"]![field]?.ToJsonString()}");
        }

        // And it may be written again by whoever has the old file in a repository.
        item["metadata"]!["resourceVersion"] = after["metadata"]!["resourceVersion"]!.GetValue<string>();
        await Objects.ReplaceNamespacedCustomObjectAsync(item, Group, SfuApi.Version, CurrentServer.Namespace, plural, "old");
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Nothing_that_was_released_is_taken_away_or_asked_for_anew(string kind)
    {
        var plural = CurrentServer.PluralOf(kind);
        var old = Schema(Path.Combine(RepositoryFiles.Test("Definitions", "released"), $"{SfuApi.Group}_{plural}.yaml"));
        var today = Schema(Path.Combine(RepositoryFiles.Root, "crds", $"{SfuApi.Group}_{plural}.yaml"));
        var faults = new List<string>();
        Compare(old, today, string.Empty, faults);

        Assert.Empty(faults);
    }

    private static void Compare(JsonNode old, JsonNode today, string path, List<string> faults)
    {
        if ($"{old["type"]}" != $"{today["type"]}")
        {
            faults.Add($"{path} was of type {old["type"]} and is of {today["type"]}");
        }

        foreach (var (name, property) in old["properties"] as JsonObject ?? [])
        {
            if (today["properties"]?[name] is { } kept)
            {
                Compare(property!, kept, $"{path}.{name}", faults);
            }
            else
            {
                faults.Add($"{path}.{name} is gone");
            }
        }

        if (old["items"] is { } items)
        {
            Compare(items, today["items"]!, path + "[]", faults);
        }

        var required = Names(old["required"]);
        faults.AddRange(Names(today["required"]).Where(name => !required.Contains(name) && old["properties"]?[name] is not null).Select(name => $"{path}.{name} was not required and is now"));
        var words = Names(today["enum"]);
        faults.AddRange(Names(old["enum"]).Where(word => !words.Contains(word)).Select(word => $"{path} may not be {word} any more"));
    }

    private static HashSet<string> Names(JsonNode? list) => [.. (list as JsonArray ?? []).Select(each => $"{each}")];

    private ICustomObjectsOperations Objects => server.Server.Client.CustomObjects;

    private static JsonNode Schema(string file) => YamlDocuments.Read(file).Single()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!;

    private static JsonNode Definition(string file)
    {
        var definition = YamlDocuments.Read(file).Single();
        definition["metadata"]!["name"] = $"{definition["spec"]!["names"]!["plural"]}.{Group}";
        definition["spec"]!["group"] = Group;
        return definition;
    }

    private Task<V1CustomResourceDefinition> ApplyAsync(JsonNode definition) => server.Server.Client.ApiextensionsV1.PatchCustomResourceDefinitionAsync(
        new V1Patch(definition.ToJsonString(), V1Patch.PatchType.ApplyPatch), $"{definition["metadata"]!["name"]}", fieldManager: "kubectl", force: true);

    private static JsonNode Json(object answer) => JsonSerializer.SerializeToNode(answer)!;

    private static async Task<JsonNode> EventuallyAsync(Func<Task<JsonNode>> call)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (HttpOperationException early) when (early.Response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Conflict && !patience.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }
}
