using System.Globalization;
using System.Text.RegularExpressions;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// The whole node under load from another process on loopback: packets sent for each second of its processor time, beside what a
/// bare sender reaches in the same run with packets of the same size in runs of the same length.
/// </summary>
internal sealed partial class NodeBenchmark(string root, TimeSpan duration)
{
    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(4);

    /// <summary>
    /// Until then estimates have found their level, everybody has been told of it, and what is hot has been compiled: what is measured
    /// is a call that goes on, not its beginning.
    /// </summary>
    private const string Settle = "10s";
    private static readonly TimeSpan LimitDuration = TimeSpan.FromSeconds(3);

    private static readonly Scenario[] All =
    [
        new("1 x 50", 50, ["--video-publishers", "1", "--subscribers", "50", "--layout", "full", "--num-per-second", "25", "--decrypt-one-in", "8"]),
        new("1 x 200", 200, ["--video-publishers", "1", "--subscribers", "200", "--layout", "full", "--num-per-second", "25", "--decrypt-one-in", "8"]),
        new("1 x 1000", 1000, ["--video-publishers", "1", "--subscribers", "1000", "--layout", "full", "--num-per-second", "25", "--decrypt-one-in", "32"]),
        new("50 x 50", 50, ["--video-publishers", "50", "--subscribers", "0", "--publishers-subscribe", "--layout", "small", "--num-per-second", "5", "--decrypt-one-in", "8"]),
    ];

    /// <summary>Measures each scenario whose name is in <paramref name="names"/>, or all, and prints one line for each.</summary>
    public async Task<int> RunAsync(IReadOnlyCollection<string> names, TextWriter output)
    {
        await output.WriteLineAsync($"A datagram over loopback with nothing between: {await LoopbackLatency.MeasureAsync(TimeSpan.FromSeconds(1))}");
        await output.WriteLineAsync();
        await output.WriteLineAsync(Row.Header);
        await output.FlushAsync();
        foreach (Scenario scenario in All.Where(each => names.Count == 0 || names.Contains(each.Name.Replace(" ", "", StringComparison.Ordinal))))
        {
            Row row = await MeasureAsync(scenario);
            await output.WriteLineAsync(row.ToString());
            await output.FlushAsync();
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync("CPU s: of the node's whole process, and of its loop threads alone. Limit: copy, AES-GCM and sendmmsg and nothing else, at full speed to");
        await output.WriteLineAsync("sockets nobody reads, and in bursts as often and as large as the node's to sockets another process reads. Delay: from the publisher's");
        await output.WriteLineAsync("send to the subscriber's socket. Tester: cores the load generator used; it has one thread for media, so near 1 it is the bottleneck.");
        return 0;
    }

    private async Task<Row> MeasureAsync(Scenario scenario)
    {
        string node = Path.Combine(root, "sfu-node/BuildIt.Sfu.Node/bin/Release/net10.0/BuildIt.Sfu.Node.dll");
        string client = Path.Combine(root, "tools/BuildIt.Sfu.TestClient/bin/Release/net10.0/BuildIt.Sfu.TestClient.dll");
        NodeCounters delta;
        TimeSpan whole;
        TimeSpan loops;
        string delay;
        string loss;
        string tester;
        await using (ProgramRun sfu = ProgramRun.Start(node, "--dev", "--port", "0", "--udp-port", "0", "--tcp-port", "-1", "--health-port", "0"))
        {
            Match serving = Serving().Match(await sfu.WaitForLineAsync("Serving: signal", TimeSpan.FromSeconds(60)));
            var metrics = new Uri($"http://127.0.0.1:{serving.Groups[2].Value}/metrics");
            using var http = new HttpClient();
            string seconds = (duration + TimeSpan.FromSeconds(2)).TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "s";
            await using ProgramRun load = ProgramRun.Start(client, ["load-test", "--url", serving.Groups[1].Value, "--duration", seconds, "--settle", Settle, .. scenario.Arguments]);
            await load.WaitForLineAsync("Measuring", FillTimeout);
            Sample before = await ReadAsync(http, metrics, sfu);
            await Task.Delay(duration);
            Sample after = await ReadAsync(http, metrics, sfu);
            await load.WaitForExitAsync();
            delta = after.Counters - before.Counters;
            whole = after.Whole - before.Whole;
            loops = after.Loops - before.Loops;
            delay = $"{load.Find(@"Latency +p50 (\S+) ms")} / {load.Find(@"Latency .*p99 (\S+) ms")} ms";
            loss = load.Find(@"Total +\|[^|]*\|[^|]*\| ([^|]*?) +\|");
            tester = load.Find(@"CPU of this tester +(\S+) cores");
        }

        int bytes = Math.Clamp((int)(delta.BytesOut / Math.Max(1, delta.PacketsOut)), 64, 1200);
        double run = delta.PacketsOut / Math.Max(1, delta.PacketsOut - delta.Segmented + delta.SegmentedMessages);
        var pace = new Pace(delta.SendCalls / duration.TotalSeconds, Math.Max(1, (int)(delta.PacketsOut / Math.Max(1, delta.SendCalls))));
        var limit = new LimitBenchmark(scenario.Subscribers, LimitDuration);
        return new Row(scenario.Name, delta, duration, whole, loops, bytes, run)
        {
            Limit = await limit.MeasureAsync(run, bytes),
            LimitAtPace = await limit.MeasureAtPaceAsync(run, bytes, pace),
            Delay = delay,
            Loss = loss,
            Tester = tester,
        };
    }

    private static async Task<Sample> ReadAsync(HttpClient http, Uri metrics, ProgramRun sfu)
    {
        NodeCounters counters = await NodeCounters.ReadAsync(http, metrics);
        (TimeSpan whole, TimeSpan loops) = sfu.TimeUsed("media-");
        return new Sample(counters, whole, loops);
    }


    [GeneratedRegex(@"signal (http://\S+), health port (\d+)")]
    private static partial Regex Serving();

    private sealed record Scenario(string Name, int Subscribers, string[] Arguments);

    private readonly record struct Sample(NodeCounters Counters, TimeSpan Whole, TimeSpan Loops);

    private sealed record Row(string Room, NodeCounters Counters, TimeSpan Duration, TimeSpan Whole, TimeSpan Loops, int Bytes, double Run)
    {
        public const string Header =
            "| Room | Packets/s out | in | Node CPU, of it loops | Bytes | Run | Packets/CPU s | on loops | Limit | share | Limit at pace | share | B allocated/packet | Dropped | Delay p50 / p99 | Loss | Tester |\n"
            + "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

        public required double Limit { get; init; }

        public required double LimitAtPace { get; init; }

        public required string Delay { get; init; }

        public required string Loss { get; init; }

        public required string Tester { get; init; }

        public override string ToString()
        {
            double rate = Counters.PacketsOut / Whole.TotalSeconds;
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {Room} | {Counters.PacketsOut / Duration.TotalSeconds:N0} | {Counters.PacketsIn / Duration.TotalSeconds:N0} | {Whole / Duration:0.000}, {Loops / Duration:0.000} | {Bytes} | {Run:0.0} | {rate:N0} | {Counters.PacketsOut / Loops.TotalSeconds:N0} | {Limit:N0} | {rate / Limit:0%} | {LimitAtPace:N0} | {rate / LimitAtPace:0%} | {Counters.Allocated / Counters.PacketsOut:0.000} | {Counters.Dropped:N0} | {Delay} | {Loss} | {Tester} |");
        }
    }
}
