using System.Net;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.CrdGen;
using BuildIt.Testing;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>The classes that share the definition server of a current Kubernetes.</summary>
[CollectionDefinition(nameof(CurrentServer))]
public sealed class CurrentServerCollection : ICollectionFixture<CurrentServer>;

/// <summary>
/// The definition server of a current Kubernetes with crds/ applied as they are. Tests keep apart by the names of their objects.
/// </summary>
public sealed class CurrentServer : IAsyncLifetime
{
    /// <summary>The namespace of every object; it exists where the server has namespaces.</summary>
    public const string Namespace = "default";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private int _names;

    public DefinitionServer Server { get; } = new();

    /// <summary>The files of crds/.</summary>
    public static IEnumerable<string> DefinitionFiles() => Directory.GetFiles(Path.Combine(RepositoryFiles.Root, "crds"), "*.yaml").Order(StringComparer.Ordinal);

    /// <summary>The plural name of a kind of ours.</summary>
    public static string PluralOf(string kind) =>
        CrdDocument.Kinds.Select(type => type.GetCustomAttribute<KubernetesEntityAttribute>()!).Single(entity => entity.Kind == kind).PluralName;

    public async Task InitializeAsync()
    {
        await Server.InitializeAsync();
        foreach (var file in DefinitionFiles())
        {
            await ApplyDefinitionAsync(file);
        }

        foreach (var kind in CrdDocument.Kinds)
        {
            await WhenServedAsync(() => Server.Client.CustomObjects.ListNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, Namespace, PluralOf(kind.Name)));
        }
    }

    public Task DisposeAsync() => ((IAsyncLifetime)Server).DisposeAsync();

    /// <summary>A name that no object has yet.</summary>
    public string NewName() => $"object-{Interlocked.Increment(ref _names)}";

    /// <summary>Applies a file of crds/ as kubectl apply --server-side does.</summary>
    public Task<V1CustomResourceDefinition> ApplyDefinitionAsync(string file, bool dryRun = false) =>
        Server.Client.ApiextensionsV1.PatchCustomResourceDefinitionAsync(
            new V1Patch(YamlDocuments.Read(file).Single().ToJsonString(), V1Patch.PatchType.ApplyPatch),
            Path.GetFileNameWithoutExtension(file).Split('_') is [var group, var plural] ? $"{plural}.{group}" : file,
            dryRun: dryRun ? "All" : null,
            fieldManager: "kubectl");

    /// <summary>Applies an object as kubectl apply --server-side does, and returns what is stored.</summary>
    public async Task<JsonNode> ApplyAsync(JsonNode item, bool dryRun = false) => Json(
        await Server.Client.CustomObjects.PatchNamespacedCustomObjectAsync(
            new V1Patch(item.ToJsonString(), V1Patch.PatchType.ApplyPatch),
            SfuApi.Group,
            SfuApi.Version,
            Namespace,
            PluralOf(item["kind"]!.GetValue<string>()),
            item["metadata"]!["name"]!.GetValue<string>(),
            dryRun: dryRun ? "All" : null,
            fieldManager: "kubectl",
            fieldValidation: "Strict",
            force: true));

    /// <summary>Creates an object and returns what is stored.</summary>
    /// <param name="item">With apiVersion, kind and metadata.</param>
    /// <param name="strict">Refuse fields that the definition does not know, as kubectl asks for, instead of dropping them.</param>
    public async Task<JsonNode> CreateAsync(JsonNode item, bool strict = true) => Json(
        await Server.Client.CustomObjects.CreateNamespacedCustomObjectAsync(
            item, SfuApi.Group, SfuApi.Version, Namespace, PluralOf(item["kind"]!.GetValue<string>()), fieldValidation: strict ? "Strict" : "Ignore"));

    /// <summary>Replaces an object and returns what is stored.</summary>
    public async Task<JsonNode> ReplaceAsync(JsonNode item) => Json(
        await Server.Client.CustomObjects.ReplaceNamespacedCustomObjectAsync(
            item, SfuApi.Group, SfuApi.Version, Namespace, PluralOf(item["kind"]!.GetValue<string>()), item["metadata"]!["name"]!.GetValue<string>()));

    /// <summary>Reads an object as it is stored.</summary>
    public async Task<JsonNode> ReadAsync(string kind, string name) =>
        Json(await Server.Client.CustomObjects.GetNamespacedCustomObjectAsync(SfuApi.Group, SfuApi.Version, Namespace, PluralOf(kind), name));

    /// <summary>The causes in a refusal of the server: the field and what is wrong with it.</summary>
    public static IReadOnlyList<(string Field, string Message)> Causes(HttpOperationException refusal) =>
    [
        .. from cause in JsonNode.Parse(refusal.Response.Content)?["details"]?["causes"] as JsonArray ?? []
           select (cause?["field"]?.GetValue<string>() ?? string.Empty, cause?["message"]?.GetValue<string>() ?? string.Empty),
    ];

    private static JsonNode Json(object answer) => JsonSerializer.SerializeToNode(answer)!;

    /// <summary>A definition that was accepted is served a moment later.</summary>
    private static async Task WhenServedAsync(Func<Task> call)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            try
            {
                await call();
                return;
            }
            catch (HttpOperationException early) when (
                early.Response.StatusCode is HttpStatusCode.NotFound && !patience.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }
    }
}
