using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BuildIt.Testing;

/// <summary>A dashboard of the chart, with all of its variables set to everything.</summary>
/// <param name="name">Its file, without the ending.</param>
/// <param name="room">The room that it is about, where it is about one.</param>
public sealed partial class Dashboard(string name, string room)
{
    private static readonly string Folder = RepositoryRoot.Path("charts", "buildit-sfu", "files", "dashboards");

    private readonly JsonNode _file = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, $"{name}.json")))!;

    /// <summary>The files there are.</summary>
    public static IReadOnlyList<string> Names =>
        [.. Directory.GetFiles(Folder, "*.json").Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal)];

    /// <summary>What people see it called.</summary>
    public string Title => _file["title"]!.GetValue<string>();

    /// <summary>Panels as they are in the file, in order.</summary>
    public IEnumerable<JsonNode> Panels => _file["panels"]!.AsArray().Select(panel => panel!);

    /// <summary>Every query of every panel.</summary>
    public IEnumerable<string> Queries => Panels.SelectMany(QueriesOf).Select(query => query.Expression);

    /// <summary>The queries of one panel, and how their series are named.</summary>
    public IEnumerable<(string Expression, string Legend)> QueriesOf(JsonNode panel) => (panel["targets"]?.AsArray() ?? [])
        .Select(target => (Variable().Replace(target!["expr"]!.GetValue<string>(), each => each.Groups[1].Value == "room" ? room : ".*"), target["legendFormat"]!.GetValue<string>()));

    [GeneratedRegex(@"\$(\w+)")]
    private static partial Regex Variable();
}
