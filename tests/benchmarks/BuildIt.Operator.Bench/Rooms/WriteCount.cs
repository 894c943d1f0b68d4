using System.Globalization;
using System.Text.RegularExpressions;
using BuildIt.Testing;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>Changing requests that the API server has served between two looks, by what they changed: from its own metrics.</summary>
internal sealed partial class WriteCount
{
    private readonly KubernetesCluster _cluster;
    private readonly Dictionary<string, long> _before;

    private WriteCount(KubernetesCluster cluster, Dictionary<string, long> before)
    {
        _cluster = cluster;
        _before = before;
    }

    public static async Task<WriteCount> StartAsync(KubernetesCluster cluster) => new(cluster, await ReadAsync(cluster));

    /// <summary>Requests since the start, of which there were at least a tenth as many as <paramref name="items"/>, for each of them.</summary>
    public async Task<string> PerItemAsync(int items)
    {
        var now = await ReadAsync(_cluster);
        return string.Join(", ", now
            .Select(pair => (pair.Key, Count: pair.Value - _before.GetValueOrDefault(pair.Key)))
            .Where(pair => pair.Count * 10 >= items)
            .OrderByDescending(pair => pair.Count)
            .Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key} {(double)pair.Count / items:0.00}")));
    }

    private static async Task<Dictionary<string, long>> ReadAsync(KubernetesCluster cluster)
    {
        var client = (k8s.Kubernetes)cluster.Client;
        var text = await client.HttpClient.GetStringAsync(new Uri(client.BaseUri, "metrics"));
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (Match line in Request().Matches(text))
        {
            var labels = Label().Matches(line.Groups[1].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value, StringComparer.Ordinal);
            if (labels["verb"] is "POST" or "PUT" or "PATCH" or "APPLY" or "DELETE")
            {
                var what = $"{labels["verb"]} {labels["resource"]}{(labels["subresource"].Length > 0 ? "/" : "")}{labels["subresource"]}";
                counts[what] = counts.GetValueOrDefault(what) + (long)double.Parse(line.Groups[2].Value, CultureInfo.InvariantCulture);
            }
        }

        return counts;
    }

    [GeneratedRegex(@"^apiserver_request_total\{(.*)\} (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Request();

    [GeneratedRegex(@"(\w+)=""([^""]*)""")]
    private static partial Regex Label();
}
