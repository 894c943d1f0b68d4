using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BuildIt.EndToEnd.Tests.Chart;
using BuildIt.Testing;

namespace BuildIt.EndToEnd.Tests.Alerts;

/// <summary>The alerts that the chart brings: they fire when they must, are silent when they must, and lead somewhere.</summary>
public sealed partial class AlertTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);
    private static readonly string Rules = Path.Combine(HelmChart.Folder, "files", "alerts.yaml");
    private static readonly string Cases = RepositoryRoot.Path("tests", "e2e", "BuildIt.EndToEnd.Tests", "Alerts", "alerts.test.yaml");

    [Fact]
    public async Task EachFiresWhenItMustAndIsSilentWhenItMust()
    {
        var folder = Directory.CreateTempSubdirectory("buildit-alerts-").FullName;
        try
        {
            File.Copy(Rules, Path.Combine(folder, "alerts.yaml"));
            var cases = Path.Combine(folder, "alerts.test.yaml");
            File.Copy(Cases, cases);
            await PromtoolAsync("check", "rules", Path.Combine(folder, "alerts.yaml"));
            await PromtoolAsync("test", "rules", cases);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void EachHasACaseOfEitherKind()
    {
        var cases = HelmChart.Parse(File.ReadAllText(Cases)).Single()["tests"]!.AsArray().Select(each => each!["name"]!.GetValue<string>());
        Assert.Equal(Alerts().SelectMany(each => (string[])[$"{Name(each)} fires", $"{Name(each)} is silent"]).Order(StringComparer.Ordinal), cases.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void EachHasAPageAndEveryPageAnAlert()
    {
        var folder = RepositoryRoot.Path("docs", "runbooks");
        var pages = Directory.GetFiles(folder, "*.md").Select(Path.GetFileNameWithoutExtension).Where(page => page != "README");
        Assert.Equal(Alerts().Select(Name).Order(StringComparer.Ordinal), pages.Order(StringComparer.Ordinal));
        var index = File.ReadAllText(Path.Combine(folder, "README.md"));
        Assert.All(Alerts(), alert =>
        {
            Assert.Equal($"docs/runbooks/{Name(alert)}.md", alert["annotations"]!["runbook"]!.GetValue<string>());
            Assert.Contains($"| [{Name(alert)}]({Name(alert)}.md) | {alert["labels"]!["severity"]} |", index, StringComparison.Ordinal);
        });
    }

    [Fact]
    public void EachAsksForWhatIsMeasured()
    {
        var sources = string.Concat(new[] { "operator", "sfu-node" }
            .SelectMany(folder => Directory.EnumerateFiles(RepositoryRoot.Path(folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        Assert.All(Alerts(), alert =>
        {
            var names = MetricName().Matches(alert["expr"]!.GetValue<string>()).Select(match => match.Value).ToList();
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.Contains($"\"{name}\"", sources, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task TheyAreMadeOnlyWhereTheClusterKnowsThem()
    {
        string[] operators = ["--api-versions", "monitoring.coreos.com/v1/PrometheusRule"];
        Assert.Empty((await HelmChart.RenderAsync()).OfKind("PrometheusRule"));
        Assert.Empty((await HelmChart.RenderAsync([.. operators, "--set", "monitoring.alerts=false"])).OfKind("PrometheusRule"));
        var rule = (await HelmChart.RenderAsync(operators)).OfKind("PrometheusRule").Single();
        Assert.Equal(Alerts().Count, rule["spec"]!["groups"]!.AsArray().Sum(group => group!["rules"]!.AsArray().Count));
    }

    private static List<JsonNode> Alerts() =>
        [.. HelmChart.Parse(File.ReadAllText(Rules)).Single()["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!)];

    private static string Name(JsonNode alert) => alert["alert"]!.GetValue<string>();

    private static Task<string> PromtoolAsync(params string[] arguments) => ChildProcess.RunAsync(
        ProgramPath.Find("promtool") ?? throw new InvalidOperationException("promtool is not installed: run 'make deps'."), arguments, Timeout);

    [GeneratedRegex("buildit_[a-z_]+")]
    private static partial Regex MetricName();
}
