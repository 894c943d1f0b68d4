using System.Diagnostics;
using System.Globalization;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Fleets;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// A link between two nodes under load: what crosses it for each second of the sending node's processor time, beside what a bare sender
/// with one destination reaches at the same pace, and the delay that the hop adds: to somebody behind the link, and to somebody who is
/// connected to the publishers' node.
/// </summary>
internal sealed class LinkBenchmark(string root, TimeSpan duration)
{
    private const string Settle = "10s";

    /// <summary>What the load generator's publishers send.</summary>
    private const int PicturesPerSecond = 25;

    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan LimitDuration = TimeSpan.FromSeconds(3);

    /// <summary>Measures each number of publishers, and prints two lines for each.</summary>
    public async Task<int> RunAsync(IReadOnlyList<int> publishers, TextWriter output)
    {
        await output.WriteLineAsync($"A datagram over loopback with nothing between: {await LoopbackLatency.MeasureAsync(TimeSpan.FromSeconds(1))}");
        await output.WriteLineAsync();
        await output.WriteLineAsync("| Publishers | Subscriber | Packets/s | Sending node's CPU, of it loops | Run | Packets/CPU s | on loops | Limit at pace | share, of loops | Limit of a hop | share, of loops | B allocated/packet | Delay p50 / p99 | Loss | Tester |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (int count in publishers)
        {
            foreach (bool behind in (bool[])[false, true])
            {
                await output.WriteLineAsync(await MeasureAsync(count, behind));
                await output.FlushAsync();
            }
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync("One subscriber watches all publishers in their one layer. Packets: sent by the publishers' node, to the other node or to the subscriber;");
        await output.WriteLineAsync("as many come in. Limit at pace: copy, AES-GCM and sendmmsg to one destination, without what comes in. Limit of a hop: the same of");
        await output.WriteLineAsync("what has first been received, from as many publishers, and opened.");
        return 0;
    }

    private async Task<string> MeasureAsync(int publishers, bool behind)
    {
        await using CascadedFleet fleet = await CascadedFleet.StartAsync(2, environment: null, ["--tcp-port", "-1"]);
        await fleet.OpenAsync("link");
        string seconds = (duration + TimeSpan.FromSeconds(2)).TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "s";
        await using ProgramRun load = ProgramRun.Start(
            Path.Combine(root, "tools/BuildIt.Sfu.TestClient/bin/Release/net10.0/BuildIt.Sfu.TestClient.dll"),
            "load-test", "--url", $"{fleet.Nodes[0].Signal}", "--subscriber-url", $"{fleet.Nodes[behind ? 1 : 0].Signal}", "--room", "link",
            "--video-publishers", $"{publishers}", "--no-simulcast", "--subscribers", "1", "--layout", "full", "--num-per-second", "25",
            "--decrypt-one-in", "16", "--settle", Settle, "--duration", seconds);
        await load.WaitForLineAsync("Measuring", FillTimeout);

        using var http = new HttpClient();
        NodeProgram node = fleet.Nodes[0];
        var metrics = new Uri($"http://127.0.0.1:{node.HealthPort}/metrics");
        NodeCounters before = await NodeCounters.ReadAsync(http, metrics);
        (TimeSpan wholeBefore, TimeSpan loopsBefore) = ProcessorTime.Of(node.Process.Id, "media-");
        var watch = Stopwatch.StartNew();
        await Task.Delay(duration);
        NodeCounters delta = await NodeCounters.ReadAsync(http, metrics) - before;
        (TimeSpan whole, TimeSpan loops) = ProcessorTime.Of(node.Process.Id, "media-");
        (whole, loops) = (whole - wholeBefore, loops - loopsBefore);
        TimeSpan measured = watch.Elapsed;
        await load.WaitForExitAsync();

        int bytes = Math.Clamp((int)(delta.BytesOut / Math.Max(1, delta.PacketsOut)), 64, 1200);
        double run = delta.PacketsOut / Math.Max(1, delta.PacketsOut - delta.Segmented + delta.SegmentedMessages);
        var pace = new Pace(delta.SendCalls / measured.TotalSeconds, Math.Max(1, (int)(delta.PacketsOut / Math.Max(1, delta.SendCalls))));
        double limit = await new LimitBenchmark(1, LimitDuration).MeasureAtPaceAsync(run, bytes, pace);
        var each = new Pace(PicturesPerSecond, Math.Max(1, (int)Math.Round(delta.PacketsOut / measured.TotalSeconds / publishers / PicturesPerSecond)));
        double hop = await LimitBenchmark.MeasureRelayAsync(publishers, each, bytes, LimitDuration);
        double rate = delta.PacketsOut / whole.TotalSeconds;
        double onLoops = delta.PacketsOut / loops.TotalSeconds;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {publishers} | {(behind ? "behind the link" : "beside them")} | {delta.PacketsOut / measured.TotalSeconds:N0} | {whole / measured:0.000}, {loops / measured:0.000} | {run:0.0} | {rate:N0} | {onLoops:N0} | {limit:N0} | {rate / limit:0%}, {onLoops / limit:0%} | {hop:N0} | {rate / hop:0%}, {onLoops / hop:0%} | {delta.Allocated / Math.Max(1, delta.PacketsOut):0.000} | {load.Find(@"Latency +p50 (\S+) ms")} / {load.Find(@"Latency .*p99 (\S+) ms")} ms | {load.Find(@"Total +\|[^|]*\|[^|]*\| ([^|]*?) +\|")} | {load.Find(@"CPU of this tester +(\S+) cores")} |");
    }
}
