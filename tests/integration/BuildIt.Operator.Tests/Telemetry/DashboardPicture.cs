using System.Globalization;
using System.Text.Json.Nodes;
using BuildIt.Testing;

namespace BuildIt.Operator.Tests.Telemetry;

/// <summary>Draws a dashboard: a page of our own that shows what a Prometheus answered, rendered by Chromium.</summary>
internal static class DashboardPicture
{
    private const int Width = 1280, Row = 34, Margin = 24;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>Writes a PNG file.</summary>
    /// <param name="dashboard">What is drawn.</param>
    /// <param name="prometheus">Whom it asks.</param>
    /// <param name="from">The begin of what is shown.</param>
    /// <param name="to">Its end.</param>
    /// <param name="file">The picture.</param>
    public static async Task WriteAsync(Dashboard dashboard, PrometheusServer prometheus, DateTimeOffset from, DateTimeOffset to, string file)
    {
        var panels = new JsonArray();
        foreach (var panel in dashboard.Panels)
        {
            var series = new JsonArray();
            foreach (var (expression, legend) in dashboard.QueriesOf(panel))
            {
                foreach (var one in await prometheus.QueryAsync(expression, from, to))
                {
                    series.Add(new JsonObject { ["legend"] = legend, ["labels"] = one!["metric"]!.DeepClone(), ["values"] = one["values"]!.DeepClone() });
                }
            }

            panels.Add(new JsonObject
            {
                ["type"] = panel["type"]!.DeepClone(),
                ["title"] = panel["title"]!.DeepClone(),
                ["grid"] = panel["gridPos"]!.DeepClone(),
                ["defaults"] = panel["fieldConfig"]?["defaults"]?.DeepClone(),
                ["series"] = series,
            });
        }

        var data = new JsonObject
        {
            ["title"] = dashboard.Title,
            ["from"] = from.ToUnixTimeSeconds(),
            ["to"] = to.ToUnixTimeSeconds(),
            ["width"] = Width,
            ["row"] = Row,
            ["panels"] = panels,
        };
        var folder = Directory.CreateTempSubdirectory("buildit-picture-");
        try
        {
            var page = Path.Combine(folder.FullName, "page.html");
            var template = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Telemetry", "dashboard.html"));
            await File.WriteAllTextAsync(page, template.Replace("\"DATA\"", data.ToJsonString(), StringComparison.Ordinal));
            var height = (dashboard.Panels.Max(panel => panel["gridPos"]!["y"]!.GetValue<int>() + panel["gridPos"]!["h"]!.GetValue<int>()) * Row) + (3 * Margin);
            await ChildProcess.RunAsync(
                Chromium,
                [
                    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1", $"--user-data-dir={folder.FullName}",
                    string.Create(CultureInfo.InvariantCulture, $"--window-size={Width},{height}"), $"--screenshot={file}", new Uri(page).AbsoluteUri,
                ],
                Timeout);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Chromium => ((string[])["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]).Select(ProgramPath.Find).FirstOrDefault(path => path is not null)
        ?? throw new InvalidOperationException("Chromium is not installed: run 'make deps'.");
}
