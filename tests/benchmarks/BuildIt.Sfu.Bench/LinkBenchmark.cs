using System.Diagnostics;
using System.Globalization;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Fleets;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// A link between two nodes under load: what crosses it for each second of the sending node's processor time, beside what a bare sender
/// with one destination reaches at the same pace, and the delay that each hop adds: to somebody who is connected to the publishers' node,
/// to somebody behind one link, and behind two. With two the node between is measured, which serves nobody but its neighbours.
/// </summary>
internal sealed class LinkBenchmark(string root, TimeSpan duration)
{
    private const string Settle = "10s";
    private const string LoopThreads = "media-";

    /// <summary>What the load generator's publishers send.</summary>
    private const int PicturesPerSecond = 25;

    private const double JoinsPerSecond = 25;

    /// <summary>Rooms are not full at the same moment: each goes on for so much longer for each that there is.</summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, string?> OneLoop = new() { ["BUILDIT_LOOPS"] = "1" };
    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan LimitDuration = TimeSpan.FromSeconds(3);

    /// <summary>Measures each number of rooms with so many publishers each, and prints three lines for each.</summary>
    public async Task<int> RunAsync(IReadOnlyList<(int Rooms, int Publishers)> calls, TextWriter output)
    {
        await output.WriteLineAsync($"A datagram over loopback with nothing between: {await LoopbackLatency.MeasureAsync(TimeSpan.FromSeconds(1))}");
        await output.WriteLineAsync();
        await output.WriteLineAsync("| Rooms x publishers | Links | Packets/s | Sending node's CPU, of it loops | Run | Packets/CPU s | on loops | Limit at pace | share, of loops | Limit of a hop | share, of loops | B allocated/packet | Last node's loops | Delay p50 / p99 | Loss | Tester |");
        await output.WriteLineAsync("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
        foreach ((int rooms, int publishers) in calls)
        {
            for (int links = 0; links <= 2; links++)
            {
                await output.WriteLineAsync(await MeasureAsync(rooms, publishers, links));
                await output.FlushAsync();
            }
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync("One subscriber of each room watches all its publishers in their one layer, so many links away. Packets: sent by the publishers' node, or by the node between two links;");
        await output.WriteLineAsync("as many come in. Limit at pace: copy, AES-GCM and sendmmsg to one destination, without what comes in. Limit of a hop: the same of");
        await output.WriteLineAsync("what has first been received, from as many publishers, and opened.");
        return 0;
    }

    private async Task<string> MeasureAsync(int rooms, int publishers, int links)
    {
        await using CascadedFleet fleet = await CascadedFleet.StartAsync(Math.Max(2, links + 1), OneLoop, ["--tcp-port", "-1"]);
        foreach (NodeProgram node in fleet.Nodes)
        {
            RealTime.Give(node.Process.Id, LoopThreads, RealTime.Measured);
        }

        string seconds = (duration + Overlap * rooms).TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "s";
        var loads = new List<ProgramRun>();
        try
        {
            for (int room = 0; room < rooms; room++)
            {
                await fleet.OpenAsync($"link-{room}");
                loads.Add(ProgramRun.Start(
                    Path.Combine(root, "tools/BuildIt.Sfu.TestClient/bin/Release/net10.0/BuildIt.Sfu.TestClient.dll"),
                    "load-test", "--url", $"{fleet.Nodes[0].Signal}", "--subscriber-url", $"{fleet.Nodes[links].Signal}", "--room", $"link-{room}",
                    "--video-publishers", $"{publishers}", "--no-simulcast", "--subscribers", "1", "--layout", "full", "--num-per-second", (JoinsPerSecond / rooms).ToString(CultureInfo.InvariantCulture),
                    "--decrypt-one-in", "16", "--settle", Settle, "--duration", seconds));
            }

            await Task.WhenAll(loads.Select(load => load.GiveRealTimeAsync(LoopThreads, RealTime.Feeding)));
            await Task.WhenAll(loads.Select(load => load.WaitForLineAsync("Measuring", FillTimeout)));
            return await MeasureAsync(fleet, loads, rooms * publishers, links, $"| {rooms}x{publishers} | {links} ");
        }
        finally
        {
            foreach (ProgramRun load in loads)
            {
                await load.DisposeAsync();
            }
        }
    }

    private async Task<string> MeasureAsync(CascadedFleet fleet, List<ProgramRun> loads, int publishers, int links, string head)
    {
        using var http = new HttpClient();
        NodeProgram node = fleet.Nodes[links == 2 ? 1 : 0];
        NodeProgram last = fleet.Nodes[^1];
        var metrics = new Uri($"http://127.0.0.1:{node.HealthPort}/metrics");
        NodeCounters before = await NodeCounters.ReadAsync(http, metrics);
        (TimeSpan wholeBefore, TimeSpan loopsBefore) = ProcessorTime.Of(node.Process.Id, LoopThreads);
        TimeSpan otherBefore = ProcessorTime.Of(last.Process.Id, LoopThreads).Threads;
        var watch = Stopwatch.StartNew();
        await Task.Delay(duration);
        NodeCounters delta = await NodeCounters.ReadAsync(http, metrics) - before;
        (TimeSpan whole, TimeSpan loops) = ProcessorTime.Of(node.Process.Id, LoopThreads);
        TimeSpan other = ProcessorTime.Of(last.Process.Id, LoopThreads).Threads - otherBefore;
        (whole, loops) = (whole - wholeBefore, loops - loopsBefore);
        TimeSpan measured = watch.Elapsed;
        await Task.WhenAll(loads.Select(load => load.WaitForExitAsync()));

        int bytes = Math.Clamp((int)(delta.BytesOut / Math.Max(1, delta.PacketsOut)), 64, 1200);
        double run = delta.PacketsOut / Math.Max(1, delta.PacketsOut - delta.Segmented + delta.SegmentedMessages);
        var pace = new Pace(delta.SendCalls / measured.TotalSeconds, Math.Max(1, (int)(delta.PacketsOut / Math.Max(1, delta.SendCalls))));
        double limit = await new LimitBenchmark(1, LimitDuration).MeasureAtPaceAsync(run, bytes, pace);
        var each = new Pace(PicturesPerSecond, Math.Max(1, (int)Math.Round(delta.PacketsOut / measured.TotalSeconds / publishers / PicturesPerSecond)));

        // A node between two others has one neighbour who sends, in the bursts in which this one sends on.
        double hop = await LimitBenchmark.MeasureRelayAsync(links == 2 ? 1 : publishers, links == 2 ? pace : each, run, bytes, LimitDuration);
        double rate = delta.PacketsOut / whole.TotalSeconds;
        double onLoops = delta.PacketsOut / loops.TotalSeconds;
        return head + string.Create(
            CultureInfo.InvariantCulture,
            $"| {delta.PacketsOut / measured.TotalSeconds:N0} | {whole / measured:0.000}, {loops / measured:0.000} | {run:0.0} | {rate:N0} | {onLoops:N0} | {limit:N0} | {rate / limit:0%}, {onLoops / limit:0%} | {hop:N0} | {rate / hop:0%}, {onLoops / hop:0%} | {delta.Allocated / Math.Max(1, delta.PacketsOut):0.000} | {other / measured:0.000} | {Each(@"Latency +p50 (\S+) ms")} / {Each(@"Latency .*p99 (\S+) ms")} ms | {Each(@"Total +\|[^|]*\|[^|]*\| ([^|]*?) +\|")} | {Each(@"CPU of this tester +(\S+) cores")} |");

        string Each(string pattern) => string.Join(", ", loads.Select(load => load.Find(pattern)));
    }
}
