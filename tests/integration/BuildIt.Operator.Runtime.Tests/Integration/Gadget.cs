using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Runtime.Conversion;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Tests.Integration;

/// <summary>A kind whose <c>v1beta1</c> has a field more than its <c>v1alpha1</c>, and calls another one otherwise.</summary>
[KubernetesEntity(Group = Group, ApiVersion = Newer, Kind = "Gadget", PluralName = "gadgets")]
internal sealed class Gadget : IKubernetesObject<V1ObjectMeta>
{
    public const string Group = "conversion.tests.buildit.network";
    public const string Older = "v1alpha1";
    public const string Newer = "v1beta1";

    /// <summary>A version that a definition may have and the webhook does not know.</summary>
    public const string Unheard = "v9";

    public string ApiVersion { get; set; } = $"{Group}/{Newer}";

    public string Kind { get; set; } = "Gadget";

    public V1ObjectMeta Metadata { get; set; } = new();

    /// <summary>How it is converted.</summary>
    public static VersionedKind Versioned(params IFieldChange[] more) => new(
        Group,
        "Gadget",
        "gadgets",
        new VersionStep(Older, Newer, [new FieldRenamed("spec.sound.level", "spec.sound.volume"), new FieldAdded("spec.mode", "\"Auto\""), .. more]));

    /// <summary>Its definition, as a chart holds it: without a caBundle.</summary>
    /// <param name="storage">The version that is stored.</param>
    /// <param name="served">All versions, the stored one among them.</param>
    /// <param name="webhookPort">Where it is converted; null for nowhere.</param>
    /// <param name="loose">What is in <c>spec.sound</c> is left to the conversion.</param>
    public static JsonObject Definition(string storage, string[] served, int? webhookPort, bool loose = false)
    {
        var spec = new JsonObject
        {
            ["group"] = Group,
            ["scope"] = "Namespaced",
            ["names"] = new JsonObject { ["kind"] = "Gadget", ["listKind"] = "GadgetList", ["plural"] = "gadgets", ["singular"] = "gadget" },
            ["versions"] = new JsonArray([.. served.Select(name => Version(name, name == storage, loose))]),
        };
        if (webhookPort is { } port)
        {
            spec["conversion"] = new JsonObject
            {
                ["strategy"] = "Webhook",
                ["webhook"] = new JsonObject
                {
                    ["conversionReviewVersions"] = new JsonArray("v1"),
                    ["clientConfig"] = new JsonObject { ["url"] = $"https://127.0.0.1:{port}/convert" },
                },
            };
        }

        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"gadgets.{Group}" },
            ["spec"] = spec,
        };
    }

    private static JsonObject Version(string name, bool isStored, bool loose)
    {
        var sound = loose
            ? """{"x-kubernetes-preserve-unknown-fields":true}"""
            : $$$"""{"type":"object","properties":{"{{{(name == Older ? "level" : "volume")}}}":{"type":"integer"} } }""";
        var mode = name == Older ? string.Empty : ""","mode":{"type":"string","enum":["Auto","Quiet","Loud"],"default":"Auto"}""";
        return new JsonObject
        {
            ["name"] = name,
            ["served"] = true,
            ["storage"] = isStored,
            ["schema"] = JsonNode.Parse(
                $$$$"""{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"sound":{{{{sound}}}},"note":{"type":"string"}{{{{mode}}}} } } } } }"""),
        };
    }
}

/// <summary>A client of one version of the kind.</summary>
internal sealed class GadgetClient(IKubernetes client, string ns, string version)
{
    private readonly ICustomObjectsOperations _objects = client.CustomObjects;

    public async Task<JsonNode> CreateAsync(string name, string spec) => Json(await _objects.CreateNamespacedCustomObjectAsync(
        new JsonObject
        {
            ["apiVersion"] = $"{Gadget.Group}/{version}",
            ["kind"] = "Gadget",
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = JsonNode.Parse(spec),
        },
        Gadget.Group,
        version,
        ns,
        "gadgets"));

    public async Task<JsonNode> GetAsync(string name) => Json(await _objects.GetNamespacedCustomObjectAsync(Gadget.Group, version, ns, "gadgets", name));

    public async Task<string> SpecAsync(string name) => SpecOf(await GetAsync(name));

    public async Task<IReadOnlyList<string>> ListAsync() => [.. Json(await _objects.ListNamespacedCustomObjectAsync(Gadget.Group, version, ns, "gadgets"))["items"]!.AsArray().Select(each => SpecOf(each!))];

    public async Task<JsonNode> ReplaceAsync(JsonNode item) =>
        Json(await _objects.ReplaceNamespacedCustomObjectAsync(item, Gadget.Group, version, ns, "gadgets", item["metadata"]!["name"]!.GetValue<string>()));

    /// <summary>Server-side apply, as somebody who keeps a file of this version.</summary>
    public async Task<JsonNode> ApplyAsync(string name, string spec, string manager) => Json(await _objects.PatchNamespacedCustomObjectAsync(
        new V1Patch($$$"""{"apiVersion":"{{{Gadget.Group}}}/{{{version}}}","kind":"Gadget","metadata":{"name":"{{{name}}}"},"spec":{{{spec}}} }""", V1Patch.PatchType.ApplyPatch),
        Gadget.Group,
        version,
        ns,
        "gadgets",
        name,
        fieldManager: manager));

    /// <summary>A spec with its fields in the order of their names.</summary>
    public static string SpecOf(JsonNode item) => Sorted(item["spec"])!.ToJsonString();

    private static JsonNode? Sorted(JsonNode? node) =>
        node is JsonObject item ? new JsonObject(item.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => KeyValuePair.Create(each.Key, Sorted(each.Value)))) : node?.DeepClone();

    private static JsonNode Json(object answer) => JsonSerializer.SerializeToNode(answer)!;
}
