using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using BuildIt.Interop.Tests.Browser;
using BuildIt.Testing;

namespace BuildIt.Interop.Tests.Node;

/// <summary>What an operator sees of a node that serves people: health, metrics, logs, and how it ends.</summary>
public sealed partial class NodeOperationsTests
{
    private static readonly HttpClient Http = new();

    [Fact]
    public async Task A_node_in_use_tells_its_load_and_keeps_people_out_of_metrics_and_logs()
    {
        await using var node = await SfuNode.StartAsync();
        await using var pages = await PageServer.StartAsync();
        await using var browser = await ChromiumBrowser.StartAsync();
        var token = SfuNode.Token("ops", "alice-identity");
        var alice = await BrowserParticipant.OpenAsync(browser, pages.Url, "alice-identity");
        await alice.JoinAsync(new JoinOptions { Url = node.WebSocketUrl, Token = token });
        await alice.PublishAsync();
        var health = await EventuallyAsync(async () =>
        {
            var now = await Http.GetFromJsonAsync<JsonElement>(node.HealthUrl + "/health");
            return now.GetProperty("activeParticipants").GetInt32() == 1 && now.GetProperty("networkIn").GetInt64() > 1000 ? now : (JsonElement?)null;
        });
        Assert.Equal("healthy", health.GetProperty("status").GetString());
        Assert.Equal(1, health.GetProperty("activeRooms").GetInt32());
        Assert.InRange(health.GetProperty("load").GetDouble(), 0, 1);
        Assert.InRange(health.GetProperty("cpuUsage").GetDouble(), 0, 1);
        Assert.InRange(health.GetProperty("memoryUsage").GetDouble(), 0, 1);
        Assert.True(health.GetProperty("networkOut").GetInt64() >= 0);

        Assert.Equal(HttpStatusCode.OK, (await Http.GetAsync(node.HealthUrl + "/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await Http.GetAsync(node.HealthUrl + "/readyz")).StatusCode);
        var metrics = await Http.GetStringAsync(node.HealthUrl + "/metrics");
        foreach (var name in (string[])["buildit_sfu_rooms{", "buildit_sfu_participants{", "buildit_sfu_packets_total{", "buildit_sfu_room_participants{"])
        {
            Assert.Contains(name, metrics, StringComparison.Ordinal);
        }

        // Health and metrics are on a port of their own, and the server API is not there.
        Assert.Equal(HttpStatusCode.NotFound, (await Http.GetAsync(node.HttpUrl + "/metrics")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Http.GetAsync(node.HealthUrl + "/rtc/validate")).StatusCode);

        foreach (var text in (string[])[metrics, node.Log()])
        {
            Assert.DoesNotContain(token, text, StringComparison.Ordinal);
            Assert.DoesNotContain("alice-identity", text, StringComparison.Ordinal);
            Assert.DoesNotContain(SfuNode.ApiSecret + "\"", text, StringComparison.Ordinal);
        }

        // The node's own listening addresses are logged once at the start; nobody else's ever.
        var addresses = Address().Matches(node.Log()).Select(match => match.Value).Distinct();
        Assert.Equal(["127.0.0.1"], addresses);
    }

    [Fact]
    public async Task Asked_to_end_a_node_drains_and_exits_by_itself()
    {
        var process = ChildProcess.Start(
            "dotnet",
            [NodeProgram.Assembly, "--bind", "127.0.0.1", "--port", "0", "--udp-port", "0", "--tcp-port", "0", "--health-port", "0"],
            new Dictionary<string, string?> { ["BUILDIT_API_KEYS"] = "devkey: secret" });
        await using (process)
        {
            await process.WaitForOutputAsync("Serving: signal", TimeSpan.FromSeconds(60));

            // Nobody is connected, so the drain is over as soon as it is looked at.
            await ChildProcess.RunAsync("kill", ["-TERM", $"{process.Id}"], TimeSpan.FromSeconds(5));
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Contains("Asked to end: draining", process.ReadOutput(), StringComparison.Ordinal);
            Assert.Contains("Drained; the process ends", process.ReadOutput(), StringComparison.Ordinal);
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public async Task Without_keys_a_node_says_what_is_missing()
    {
        var process = ChildProcess.Start("dotnet", [NodeProgram.Assembly], new Dictionary<string, string?> { ["BUILDIT_MAX_ROOMS"] = "many" });
        await using (process)
        {
            await process.WaitForOutputAsync("BUILDIT_MAX_ROOMS must be a whole number", TimeSpan.FromSeconds(30));
            await process.WaitForExitAsync();
            Assert.Equal(2, process.ExitCode);
        }
    }

    private static async Task<T> EventuallyAsync<T>(Func<Task<T?>> probe)
        where T : struct
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            if (await probe() is { } value)
            {
                return value;
            }

            await Task.Delay(100, timeout.Token);
        }
    }

    [GeneratedRegex(@"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b")]
    private static partial Regex Address();
}
