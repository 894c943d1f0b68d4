using System.Globalization;

namespace BuildIt.Interop.Tests.Node;

/// <summary>What a node's <c>/metrics</c> said at one moment.</summary>
internal sealed class MetricsSnapshot
{
    private readonly string[] _lines;

    private MetricsSnapshot(string[] lines) => _lines = lines;

    public static async Task<MetricsSnapshot> ReadAsync(SfuNode node)
    {
        using var http = new HttpClient();
        return new MetricsSnapshot((await http.GetStringAsync(new Uri(node.HealthUrl + "/metrics"))).Split('\n'));
    }

    /// <summary>The values of all series of a metric whose labels contain <paramref name="label"/>, added up.</summary>
    public double Sum(string name, string label = "") => _lines
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
        .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
}
