using System.Globalization;
using System.Text.RegularExpressions;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// The whole node under load from another process on loopback: packets sent for each second of its processor time, beside the bare
/// limit measured in the same run with packets of the same size in runs of the same length.
/// </summary>
internal sealed partial class NodeBenchmark(string root, TimeSpan duration)
{
    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(4);

    private static readonly Scenario[] All =
    [
        new("1 x 50", 50, ["--video-publishers", "1", "--subscribers", "50", "--layout", "full", "--num-per-second", "25"]),
        new("1 x 200", 200, ["--video-publishers", "1", "--subscribers", "200", "--layout", "full", "--num-per-second", "25", "--decrypt-one-in", "8"]),
        new("1 x 1000", 1000, ["--video-publishers", "1", "--subscribers", "1000", "--layout", "full", "--num-per-second", "25", "--decrypt-one-in", "32"]),
        new("50 x 50", 50, ["--video-publishers", "50", "--subscribers", "50", "--layout", "small", "--num-per-second", "10", "--decrypt-one-in", "8"]),
    ];

    /// <summary>Prints one row for each scenario whose name is in <paramref name="names"/>, or for all.</summary>
    public async Task<int> RunAsync(IReadOnlyCollection<string> names, TextWriter output)
    {
        await output.WriteLineAsync($"Loopback alone: {await LoopbackLatency.MeasureAsync(TimeSpan.FromSeconds(1))}");
        await output.WriteLineAsync("One loop forwards; the load generator is another process. A publisher sends three layers; 32 or 8 \"decrypt one in\" lets receivers count packets they do not decrypt.");
        await output.WriteLineAsync();
        await output.WriteLineAsync("room      packets/s out   node CPU   bytes   run   packets/CPU s   of it loop   limit          share   B allocated   dropped   p50        p99        loss");
        foreach (Scenario scenario in All.Where(each => names.Count == 0 || names.Contains(each.Name.Replace(" ", "", StringComparison.Ordinal))))
        {
            await output.WriteLineAsync(await MeasureAsync(scenario));
            await output.FlushAsync();
        }

        return 0;
    }

    private async Task<string> MeasureAsync(Scenario scenario)
    {
        string node = Path.Combine(root, "sfu-node/BuildIt.Sfu.Node/bin/Release/net10.0/BuildIt.Sfu.Node.dll");
        string client = Path.Combine(root, "tests/BuildIt.Sfu.TestClient/bin/Release/net10.0/BuildIt.Sfu.TestClient.dll");
        await using ProgramRun sfu = ProgramRun.Start(node, "--dev", "--port", "0", "--udp-port", "0", "--tcp-port", "-1", "--health-port", "0");
        Match serving = Serving().Match(await sfu.WaitForLineAsync("Serving: signal", TimeSpan.FromSeconds(60)));
        var metrics = new Uri($"http://127.0.0.1:{serving.Groups[2].Value}/metrics");
        using var http = new HttpClient();

        string seconds = (duration + TimeSpan.FromSeconds(2)).TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "s";
        await using ProgramRun load = ProgramRun.Start(client, ["load-test", "--url", serving.Groups[1].Value, "--duration", seconds, .. scenario.Arguments]);
        await load.WaitForLineAsync("Measuring", FillTimeout);
        (NodeCounters counters, TimeSpan wholeTime, TimeSpan loopTime) = await ReadAsync(http, metrics, sfu);
        await Task.Delay(duration);
        (NodeCounters countersAfter, TimeSpan wholeTimeAfter, TimeSpan loopTimeAfter) = await ReadAsync(http, metrics, sfu);
        await load.WaitForExitAsync();

        NodeCounters delta = countersAfter - counters;
        double whole = (wholeTimeAfter - wholeTime).TotalSeconds;
        double loop = (loopTimeAfter - loopTime).TotalSeconds;
        int bytes = (int)(delta.BytesOut / Math.Max(1, delta.PacketsOut));
        double run = delta.PacketsOut / Math.Max(1, delta.PacketsOut - delta.Segmented + delta.SegmentedMessages);
        double limit = await new LimitBenchmark(scenario.Subscribers, TimeSpan.FromSeconds(2)).MeasureAsync(
            Math.Max(1, (int)Math.Round(run)), Math.Clamp(bytes, 64, 1200));
        double rate = delta.PacketsOut / whole;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{scenario.Name,-9} {delta.PacketsOut / duration.TotalSeconds,13:N0}   {whole / duration.TotalSeconds,8:0.00}   {bytes,5}   {run,3:0.0}   {rate,13:N0}   {delta.PacketsOut / loop,10:N0}   {limit,10:N0}   {rate / limit,8:0%}   {delta.Allocated / delta.PacketsOut,11:0.00}   {delta.Dropped,7:N0}   {Find(load, "p50 (\\S+ ms)"),-8}   {Find(load, "p99 (\\S+ ms)"),-8}   {Find(load, "Total +\\|[^|]*\\|[^|]*\\| ([^|]*?) +\\|")}");
    }

    private static async Task<(NodeCounters Counters, TimeSpan Whole, TimeSpan Loops)> ReadAsync(HttpClient http, Uri metrics, ProgramRun sfu)
    {
        NodeCounters counters = await NodeCounters.ReadAsync(http, metrics);
        (TimeSpan whole, TimeSpan loops) = sfu.ProcessorTime("media-");
        return (counters, whole, loops);
    }

    /// <summary>The first such text in what the load generator printed.</summary>
    private static string Find(ProgramRun load, string pattern) =>
        load.Lines.Select(line => Regex.Match(line, pattern)).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "?";

    [GeneratedRegex(@"signal (http://\S+), health port (\d+)")]
    private static partial Regex Serving();

    private sealed record Scenario(string Name, int Subscribers, string[] Arguments);
}
