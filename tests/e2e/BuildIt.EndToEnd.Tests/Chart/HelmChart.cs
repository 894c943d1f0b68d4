using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Testing;
using YamlDotNet.Serialization;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>The chart as Helm renders it.</summary>
internal static class HelmChart
{
    /// <summary>Where the chart is.</summary>
    public static string Folder { get; } = RepositoryRoot.Path("charts", "buildit-sfu");

    /// <summary>The chart that was released last, packed; scripts/released-chart.sh makes it.</summary>
    public static string Released =>
        Directory.GetFiles(RepositoryRoot.Path("tests", "e2e", "BuildIt.EndToEnd.Tests", "Chart", "released"), "*.tgz").Single();

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private static readonly Lazy<Task<string>> Helm = new(async () =>
        Path.Combine((await ChildProcess.RunAsync(RepositoryRoot.Path("tests", "cluster", "tools.sh"), [], Timeout)).Trim(), "helm"));

    private static readonly ConcurrentDictionary<string, Task<string>> Rendered = new(StringComparer.Ordinal);

    /// <summary>Renders as an installation would, and returns the text. What was asked for before is not rendered again.</summary>
    /// <param name="arguments">Added to the command line, for example <c>--set redis.enabled=true</c>.</param>
    /// <exception cref="InvalidOperationException">Helm refused; the message says why.</exception>
    public static Task<string> RenderTextAsync(params string[] arguments) =>
        Rendered.GetOrAdd(string.Join('\0', arguments), _ => RenderAnewAsync(arguments));

    /// <summary>The same, rendered in any case.</summary>
    public static async Task<string> RenderAnewAsync(params string[] arguments) =>
        await ChildProcess.RunAsync(await Helm.Value, ["template", "buildit-sfu", Folder, "--namespace", "buildit-sfu", .. arguments], Timeout);

    /// <summary>Renders as an installation would, and returns the objects.</summary>
    public static async Task<IReadOnlyList<JsonNode>> RenderAsync(params string[] arguments) => Parse(await RenderTextAsync(arguments));

    /// <summary>The objects of a file with YAML documents.</summary>
    public static IReadOnlyList<JsonNode> Parse(string yaml)
    {
        var deserializer = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var objects = new List<JsonNode>();
        var parser = new YamlDotNet.Core.Parser(new StringReader(yaml));
        YamlDotNet.Core.ParserExtensions.Consume<YamlDotNet.Core.Events.StreamStart>(parser);
        while (YamlDotNet.Core.ParserExtensions.Accept<YamlDotNet.Core.Events.DocumentStart>(parser, out _))
        {
            if (ToJson(deserializer.Deserialize(parser)) is JsonObject document)
            {
                objects.Add(document);
            }
        }

        return objects;
    }

    /// <summary>The objects of one kind.</summary>
    public static IEnumerable<JsonNode> OfKind(this IEnumerable<JsonNode> objects, string kind) =>
        objects.Where(each => each["kind"]?.GetValue<string>() == kind);

    /// <summary>The one object of a kind and name.</summary>
    public static JsonNode Named(this IEnumerable<JsonNode> objects, string kind, string name) =>
        objects.OfKind(kind).Single(each => each["metadata"]!["name"]!.GetValue<string>() == name);

    /// <summary>The specification of the pod that an object makes or is; null when it has none.</summary>
    public static JsonNode? PodOf(JsonNode resource) => resource["kind"]!.GetValue<string>() switch
    {
        "Pod" => resource["spec"],
        "Deployment" => resource["spec"]!["template"]!["spec"],
        _ => null,
    };

    private static JsonNode? ToJson(object? value) => value switch
    {
        null => null,
        IDictionary<object, object?> map => new JsonObject(map.Select(pair => KeyValuePair.Create($"{pair.Key}", ToJson(pair.Value)))),
        IEnumerable<object?> list => new JsonArray([.. list.Select(ToJson)]),
        _ => JsonSerializer.SerializeToNode(value),
    };
}
