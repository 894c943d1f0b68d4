using System.Text.Json.Nodes;

namespace BuildIt.EndToEnd.Tests.Chart;

/// <summary>The dashboards as files. That they show something is seen with a fleet.</summary>
public sealed class DashboardFileTests
{
    [Fact]
    public async Task EachIsAConfigMapThatGrafanasSidecarFinds()
    {
        Assert.DoesNotContain(await HelmChart.RenderAsync(), each => $"{each["metadata"]!["name"]}".Contains("dashboard", StringComparison.Ordinal));
        var maps = (await HelmChart.RenderAsync("--set", "monitoring.dashboards.enabled=true,monitoring.dashboards.namespace=grafana"))
            .OfKind("ConfigMap").Where(each => $"{each["metadata"]!["labels"]!["grafana_dashboard"]}" == "1").ToList();
        Assert.Equal(
            ["fleets", "links", "node", "operator", "room", "room-api"],
            maps.Select(each => $"{each["metadata"]!["name"]}".Split("-dashboard-")[1]).Order(StringComparer.Ordinal));
        var boards = maps.Select(each => JsonNode.Parse(each["data"]!.AsObject().Single().Value!.GetValue<string>())!).ToList();
        Assert.Equal(boards.Count, boards.Select(board => $"{board["uid"]}").Distinct(StringComparer.Ordinal).Count());
        Assert.All(maps, each => Assert.Equal("grafana", $"{each["metadata"]!["namespace"]}"));
        Assert.All(boards.SelectMany(board => board["panels"]!.AsArray()), panel =>
        {
            // Whoever opens it says which Prometheus, and none lies over another.
            Assert.All(panel!["targets"]?.AsArray() ?? [], target => Assert.Equal("${datasource}", $"{target!["datasource"]!["uid"]}"));
            Assert.InRange(panel["gridPos"]!["x"]!.GetValue<int>() + panel["gridPos"]!["w"]!.GetValue<int>(), 1, 24);
        });
    }
}
