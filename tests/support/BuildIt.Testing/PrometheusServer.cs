using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;

namespace BuildIt.Testing;

/// <summary>What a Prometheus reads: an address, and the labels that service discovery would give it.</summary>
/// <param name="Address">As host:port.</param>
/// <param name="Labels">Names and values.</param>
public sealed record ScrapeTarget(string Address, IReadOnlyDictionary<string, string> Labels);

/// <summary>A real Prometheus that reads targets every second. Members may not be called at the same time.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("buildit-prometheus-").FullName;
    private readonly HttpClient _http = new();
    private ChildProcess? _process;

    private PrometheusServer()
    {
    }

    /// <summary>Starts a server, and returns when it answers.</summary>
    /// <param name="targets">What it reads.</param>
    /// <exception cref="InvalidOperationException">Prometheus is not installed, or did not start.</exception>
    public static async Task<PrometheusServer> StartAsync(IEnumerable<ScrapeTarget> targets)
    {
        var server = new PrometheusServer();
        try
        {
            await server.RunAsync(targets);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Evaluates an expression now.</summary>
    /// <returns>The series, each with its labels under "metric" and its value.</returns>
    /// <exception cref="InvalidOperationException">The expression is not understood.</exception>
    public Task<JsonArray> QueryAsync(string expression) => AskAsync(expression, $"api/v1/query?query={Uri.EscapeDataString(expression)}");

    /// <summary>Evaluates an expression for every second of a time that has passed.</summary>
    /// <param name="expression">In PromQL.</param>
    /// <param name="from">Its begin.</param>
    /// <param name="to">Its end.</param>
    /// <returns>The series, each with its labels under "metric" and pairs of Unix time and value under "values".</returns>
    /// <exception cref="InvalidOperationException">The expression is not understood.</exception>
    public Task<JsonArray> QueryAsync(string expression, DateTimeOffset from, DateTimeOffset to) =>
        AskAsync(expression, $"api/v1/query_range?query={Uri.EscapeDataString(expression)}&start={from.ToUnixTimeSeconds()}&end={to.ToUnixTimeSeconds()}&step=1");

    /// <summary>Takes away what has an answer now.</summary>
    /// <param name="waiting">Queries that had none.</param>
    /// <returns>Whether all have one.</returns>
    public async Task<bool> AnswersAllAsync(ICollection<string> waiting)
    {
        foreach (var query in waiting.ToList())
        {
            if ((await QueryAsync(query)).Count > 0)
            {
                waiting.Remove(query);
            }
        }

        return waiting.Count == 0;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is { } process)
        {
            await process.KillAsync();
            await process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private async Task<JsonArray> AskAsync(string expression, string path)
    {
        using var response = await _http.GetAsync(path);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        return response.StatusCode == HttpStatusCode.OK
            ? answer["data"]!["result"]!.AsArray()
            : throw new InvalidOperationException($"{expression}: {answer["error"]}");
    }

    private async Task RunAsync(IEnumerable<ScrapeTarget> targets)
    {
        var program = ProgramPath.Find("prometheus") ?? throw new InvalidOperationException("Prometheus is not installed: run 'make deps'.");
        var configuration = new JsonObject
        {
            ["global"] = new JsonObject { ["scrape_interval"] = "1s" },
            ["scrape_configs"] = new JsonArray(new JsonObject
            {
                ["job_name"] = "buildit",

                // As the monitors of the chart have it where a metric says itself whom it is about.
                ["honor_labels"] = true,
                ["static_configs"] = new JsonArray([.. targets.Select(target => new JsonObject
                {
                    ["targets"] = new JsonArray(target.Address),
                    ["labels"] = new JsonObject(target.Labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))),
                })]),
            }),
        };
        var file = Path.Combine(_folder, "prometheus.yml");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());
        var port = FreePort.NextTcp();
        _http.BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/"));
        _process = ChildProcess.Start(
            program, [$"--config.file={file}", $"--storage.tsdb.path={Path.Combine(_folder, "data")}", $"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"],
            outputPath: Path.Combine(_folder, "log"));
        using var patience = new CancellationTokenSource(StartTimeout);
        while (!await IsReadyAsync())
        {
            if (_process.HasExited || patience.IsCancellationRequested)
            {
                throw new InvalidOperationException($"Prometheus does not answer.\n{_process.ReadOutput()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var response = await _http.GetAsync("-/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
