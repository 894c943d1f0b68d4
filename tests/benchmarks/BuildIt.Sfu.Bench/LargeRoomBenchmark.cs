using System.Diagnostics;
using System.Globalization;
using BuildIt.Sfu.TestClient.Churn;
using BuildIt.Testing;
using BuildIt.Testing.Conferences.Fleets;

namespace BuildIt.Sfu.Bench;

/// <summary>
/// A room of 200 people on several pods, beside the same on one: 50 publish picture and sound, everybody watches nine, and one after the
/// other speaks. What each pod's processor does, and whether its memory grows.
/// </summary>
internal sealed class LargeRoomBenchmark(string root, TimeSpan duration)
{
    private const int Publishers = 50;
    private const int Listeners = 150;
    private const string Room = "large";
    private static readonly TimeSpan FillTimeout = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    /// <summary>Runs the room once for each number of pods.</summary>
    public async Task<int> RunAsync(IReadOnlyList<int> pods, TextWriter output)
    {
        foreach (int count in pods)
        {
            await RunAsync(count, output);
        }

        return 0;
    }

    private async Task RunAsync(int pods, TextWriter output)
    {
        await using CascadedFleet fleet = await CascadedFleet.StartAsync(pods, environment: null, ["--tcp-port", "-1"], star: true);
        await fleet.OpenAsync(Room);
        string seconds = (duration + TimeSpan.FromSeconds(2)).TotalSeconds.ToString("0", CultureInfo.InvariantCulture) + "s";
        await using ProgramRun load = ProgramRun.Start(
            Path.Combine(root, "tools/BuildIt.Sfu.TestClient/bin/Release/net10.0/BuildIt.Sfu.TestClient.dll"),
            "load-test", "--url", $"http://127.0.0.1:{fleet.Front.Port}", "--room", Room, "--duration", seconds, "--settle", "20s",
            "--video-publishers", $"{Publishers}", "--audio-publishers", $"{Publishers}", "--subscribers", $"{Listeners}", "--publishers-subscribe",
            "--layout", "3x3", "--simulate-speakers", "--num-per-second", "10", "--decrypt-one-in", "16");
        await load.WaitForLineAsync("Measuring", FillTimeout);

        using var http = new HttpClient();
        Sample[] before = await Task.WhenAll(fleet.Nodes.Select(node => Sample.TakeAsync(http, node)));
        var memory = new List<double[]>();
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < duration)
        {
            memory.Add([.. fleet.Nodes.Select(node => ProcessFigures.Of(node.Process.Id).Megabytes)]);
            await Task.Delay(TimeSpan.FromTicks(Math.Clamp((duration - watch.Elapsed).Ticks, 0, Look.Ticks)));
        }

        TimeSpan measured = watch.Elapsed;
        Sample[] after = await Task.WhenAll(fleet.Nodes.Select(node => Sample.TakeAsync(http, node)));
        await load.WaitForExitAsync();
        await output.WriteLineAsync($"{Publishers + Listeners} people, {Publishers} of them publish, on {pods} pods for {measured.TotalSeconds:0} s");
        for (int i = 0; i < pods; i++)
        {
            NodeCounters delta = after[i].Counters - before[i].Counters;
            string growth = string.Join(' ', memory.Select(each => each[i].ToString("0", CultureInfo.InvariantCulture)));
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"pod {i}: {(after[i].Processor - before[i].Processor) / measured:0.000} cores, {delta.PacketsIn / measured.TotalSeconds:N0} packets/s in, {delta.PacketsOut / measured.TotalSeconds:N0} out, {delta.Dropped:N0} dropped, {delta.Allocated / Math.Max(1, delta.PacketsOut):0.000} B allocated/packet; MB every {Look.TotalSeconds:0} s: {growth}"));
        }

        TimeSpan whole = TimeSpan.FromTicks(after.Sum(each => each.Processor.Ticks) - before.Sum(each => each.Processor.Ticks));
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"all pods: {whole / measured:0.000} cores"));
        foreach (string line in load.Lines.SkipWhile(line => !line.StartsWith("| Total", StringComparison.Ordinal)))
        {
            await output.WriteLineAsync(line);
        }

        await output.FlushAsync();
    }

    private sealed record Sample(NodeCounters Counters, TimeSpan Processor)
    {
        public static async Task<Sample> TakeAsync(HttpClient http, NodeProgram node) => new(
            await NodeCounters.ReadAsync(http, new Uri($"http://127.0.0.1:{node.HealthPort}/metrics")), ProcessorTime.Of(node.Process.Id, "media-").Process);
    }
}
