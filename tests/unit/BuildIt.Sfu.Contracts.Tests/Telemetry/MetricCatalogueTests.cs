using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using BuildIt.Sfu.Contracts.Telemetry;
using BuildIt.Testing;

namespace BuildIt.Sfu.Contracts.Tests.Telemetry;

/// <summary>The catalogue is what the sources make, and documentation, alerts and dashboards are made of it.</summary>
public sealed partial class MetricCatalogueTests
{
    private static readonly string Page = RepositoryRoot.Path("docs", "metrics.md");
    private static readonly string AlertFile = RepositoryRoot.Path("charts", "buildit-sfu", "files", "alerts.yaml");

    [Fact]
    public void Names_say_what_is_measured_and_none_comes_twice()
    {
        Assert.Equal(MetricCatalogue.All.Count, MetricCatalogue.All.Select(metric => metric.Name).Distinct().Count());
        Assert.All(MetricCatalogue.All, metric =>
        {
            Assert.Matches("^buildit_[a-z_]+$", metric.Name);
            Assert.Equal(metric.Kind is MetricKind.Counter, metric.Name.EndsWith("_total", StringComparison.Ordinal));
            Assert.True(metric.Kind is not MetricKind.Histogram || metric.Name.EndsWith("_seconds", StringComparison.Ordinal), metric.Name);
            Assert.EndsWith(".", metric.Meaning, StringComparison.Ordinal);
            Assert.All(metric.Labels, label => Assert.Matches("^[a-z_]+$", label));

            // Of whom there are many, or who is a person, has no place in a label.
            Assert.Empty(metric.Labels.Intersect(["participant", "identity", "track", "address", "user", "pubkey"]));
        });
    }

    [Fact]
    public void What_the_sources_make_is_in_it_and_nothing_else()
    {
        var made = ((string[])["operator", "sfu-node"]).SelectMany(folder => Directory.EnumerateFiles(RepositoryRoot.Path(folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .SelectMany(file => Creation().Matches(File.ReadAllText(file)))
            .Select(match => $"{match.Groups["kind"].Value} {match.Groups["name"].Value}: {match.Groups["help"].Value.Replace("{MaxRooms}", "50", StringComparison.Ordinal)}");

        Assert.Equal(
            MetricCatalogue.All.Select(metric => $"{metric.Kind} {metric.Name}: {metric.Meaning}").Order(StringComparer.Ordinal), made.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Alerts_and_dashboards_ask_for_nothing_else()
    {
        var files = Directory.GetFiles(RepositoryRoot.Path("charts", "buildit-sfu", "files", "dashboards"), "*.json").Append(AlertFile);
        var known = MetricCatalogue.All.SelectMany(metric => metric.Kind is MetricKind.Histogram
            ? (string[])[metric.Name, metric.Name + "_bucket", metric.Name + "_sum", metric.Name + "_count"]
            : [metric.Name]).ToHashSet(StringComparer.Ordinal);
        Assert.All(files, file => Assert.Empty(Named().Matches(File.ReadAllText(file)).Select(match => match.Value).Distinct().Except(known)));
    }

    [Fact]
    public void The_page_is_made_of_it()
    {
        var page = Write();
        if (Environment.GetEnvironmentVariable("BUILDIT_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(Page, page);
        }

        Assert.Equal(File.ReadAllText(Page), page);
    }

    private static string Write()
    {
        var alerts = Alert().Matches(File.ReadAllText(AlertFile)).Select(match => (Name: match.Groups["name"].Value, Expression: match.Groups["expression"].Value)).ToList();
        var text = new StringBuilder("""
            # Metrics

            Made from the catalogue in `sfu-node/BuildIt.Sfu.Contracts/Telemetry`, which tests compare with what the processes answer. Labels have few
            values each, or a bound; nobody's name, address or key is in them. Beside them stands what .NET and the process itself measure (`dotnet_*`,
            `process_*`).

            """);
        foreach (var (source, title, where) in ((MetricSource, string, string)[])
        [
            (MetricSource.Operator, "The operator", "Port 8080. What is not named `buildit_operator_*` comes from the replica that leads."),
            (MetricSource.Node, "A node", "Port 7885. Every series has the labels `node` and `region`."),
            (MetricSource.RoomApi, "The room API", "Port 9090."),
        ])
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {title}\n\n{where}\n\n| Metric | Type | Unit | Labels | Meaning | Alerts |\n|---|---|---|---|---|---|\n");
            foreach (var metric in MetricCatalogue.All.Where(metric => metric.Source == source))
            {
                var who = alerts.Where(alert => Regex.IsMatch(alert.Expression, $@"\b{metric.Name}(_bucket|_sum|_count)?\b")).Select(alert => $"[{alert.Name}](runbooks/{alert.Name}.md)");
                text.Append(CultureInfo.InvariantCulture, $"| `{metric.Name}` | {metric.Kind.ToString().ToLowerInvariant()} | {metric.Unit.ToString().ToLowerInvariant()} | {string.Join(", ", metric.Labels)} | {metric.Meaning} | {string.Join(", ", who)} |\n");
            }
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    [GeneratedRegex("""Create(?<kind>Counter|Gauge|Histogram)\(\s*"(?<name>buildit_[a-z_]+)",\s*\$?"(?<help>[^"]*)["]""")]
    private static partial Regex Creation();

    [GeneratedRegex(@"\bbuildit_[a-z_]+\b")]
    private static partial Regex Named();

    [GeneratedRegex(@"- alert: (?<name>\w+)\n\s+expr: (?<expression>.*)\n")]
    private static partial Regex Alert();
}
