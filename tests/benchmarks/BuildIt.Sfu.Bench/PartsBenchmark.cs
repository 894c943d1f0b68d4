using System.Diagnostics;
using System.Globalization;
using BuildIt.Testing;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// One large room on a node with two loops: on one of them, in a part on each with newcomers in turn, and as the node decides by itself. What
/// each loop uses of a core for the same packets says what it costs to join the two, and how much more a room can hold.
/// </summary>
internal sealed class PartsBenchmark(string root, TimeSpan duration)
{
    private const int Publishers = 10;
    private const double JoinsPerSecond = 20;

    private static readonly string[] Modes = ["Never", "Spread", "Auto"];

    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(4);

    /// <summary>Measures a room with each number of subscribers, and prints three lines for each.</summary>
    public async Task<int> RunAsync(IReadOnlyList<int> subscribers, TextWriter output)
    {
        await output.WriteLineAsync("| Publishers + subscribers | Parts | Packets/s | Node's CPU | Each loop's | Between loops | B allocated/packet | Delay p50 / p99 | Loss | Tester |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|---|");
        foreach (int count in subscribers)
        {
            foreach (string mode in Modes)
            {
                await output.WriteLineAsync(await MeasureAsync(count, mode));
                await output.FlushAsync();
            }
        }

        return 0;
    }

    private async Task<string> MeasureAsync(int subscribers, string mode)
    {
        await using NodeProgram node = await NodeProgram.StartAsync(new Dictionary<string, string?> { ["BUILDIT_LOOPS"] = "2", ["BUILDIT_ROOM_PARTS"] = mode }, "--tcp-port", "-1");
        await using ProgramRun load = ProgramRun.Start(
            Path.Combine(root, "tools/BuildIt.Sfu.TestClient/bin/Release/net10.0/BuildIt.Sfu.TestClient.dll"),
            "load-test", "--url", $"{node.Signal}", "--video-publishers", $"{Publishers}", "--audio-publishers", $"{Publishers}", "--subscribers", $"{subscribers}", "--layout", "speaker",
            "--num-per-second", JoinsPerSecond.ToString(CultureInfo.InvariantCulture), "--decrypt-one-in", "100", "--settle", "10s", "--duration", $"{duration.TotalSeconds + 2:0}s");
        await load.WaitForLineAsync("Measuring", FillTimeout);
        using var http = new HttpClient();
        var metrics = new Uri($"http://127.0.0.1:{node.HealthPort}/metrics");
        NodeCounters before = await NodeCounters.ReadAsync(http, metrics);
        TimeSpan[] timesBefore = Times(node);
        var watch = Stopwatch.StartNew();
        await Task.Delay(duration);
        NodeCounters delta = await NodeCounters.ReadAsync(http, metrics) - before;
        double[] used = [.. Times(node).Zip(timesBefore, (now, then) => (now - then) / watch.Elapsed)];
        double seconds = watch.Elapsed.TotalSeconds;
        await load.WaitForExitAsync();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {Publishers} + {subscribers} | {mode} | {delta.PacketsOut / seconds:N0} | {used[0]:0.00} | {used[1]:0.00}, {used[2]:0.00} | {delta.InnerBytes / 2 * 8 / seconds / 1e6:0.0} Mbit/s | {delta.Allocated / Math.Max(1, delta.PacketsOut):0.000} | {load.Find(@"Latency +p50 (\S+) ms")} / {load.Find(@"Latency .*p99 (\S+) ms")} ms | {load.Find(@"Total +\|[^|]*\|[^|]*\| ([^|]*?) +\|")} | {load.Find(@"CPU of this tester +(\S+) cores")} |");
    }

    /// <summary>Processor time of the node, of its first loop and of its second.</summary>
    private static TimeSpan[] Times(NodeProgram node)
    {
        (TimeSpan whole, TimeSpan first) = ProcessorTime.Of(node.Process.Id, "media-0");
        return [whole, first, ProcessorTime.Of(node.Process.Id, "media-1").Threads];
    }
}
