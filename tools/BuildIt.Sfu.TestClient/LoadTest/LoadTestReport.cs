using System.Globalization;
using BuildIt.Sfu.TestClient.Statistics;

namespace BuildIt.Sfu.TestClient.LoadTest;

/// <summary>Prints a result in the form that users of <c>lk load-test</c> know, with delay, start and processor time added.</summary>
public static class LoadTestReport
{
    private const int MaxTrackRows = 60;

    public static void Write(LoadTestResult result, TextWriter output)
    {
        ArgumentNullException.ThrowIfNull(result);
        WriteTracks(result, output);
        WriteSummary(result, output);
        WriteTimes(result, output);
        foreach (var error in result.Errors)
        {
            output.WriteLine($"error: {error}");
        }
    }

    private static void WriteTracks(LoadTestResult result, TextWriter output)
    {
        var table = new TextTable("Tester", "Track", "Kind", "Pkts", "Bitrate", "Loss", "Frames", "Gap");
        var rows = result.Subscribers.SelectMany(subscriber => subscriber.Statistics.Received.Select(track => (subscriber.Statistics.Identity, Track: track))).ToArray();
        foreach (var (identity, track) in rows.Take(MaxTrackRows))
        {
            table.Add(
                identity, track.TrackSid, track.Kind.ToString().ToLowerInvariant(), Number(track.Packets), Rate(track.BitsPerSecond), Loss(track),
                Number(track.Frames), Milliseconds(track.LongestGap));
        }

        output.WriteLine();
        output.WriteLine("Track loading:");
        table.Write(output);
        if (rows.Length > MaxTrackRows)
        {
            output.WriteLine($"... and {rows.Length - MaxTrackRows} more tracks");
        }
    }

    private static void WriteSummary(LoadTestResult result, TextWriter output)
    {
        var table = new TextTable("Tester", "Tracks", "Bitrate", "Total loss", "Faults", "Freezes", "Error");
        foreach (var subscriber in result.Subscribers.Take(MaxTrackRows))
        {
            var tracks = subscriber.Statistics.Received;
            table.Add(
                subscriber.Statistics.Identity,
                $"{tracks.Count(track => track.Packets > 0)}/{subscriber.Expected}",
                Rate(tracks.Sum(track => track.BitsPerSecond)),
                Loss(tracks),
                Number(tracks.Sum(track => track.Faults)),
                Number(tracks.Sum(track => track.Freezes)),
                subscriber.Statistics.EndReason.Length > 0 ? subscriber.Statistics.EndReason : "-");
        }

        var all = result.Subscribers.SelectMany(subscriber => subscriber.Statistics.Received).ToArray();
        table.Add(
            "Total",
            $"{all.Count(track => track.Packets > 0)}/{result.Subscribers.Sum(subscriber => subscriber.Expected)}",
            $"{Rate(all.Sum(track => track.BitsPerSecond))} ({Rate(all.Sum(track => track.BitsPerSecond) / Math.Max(1, result.Subscribers.Count))} avg)",
            Loss(all),
            Number(all.Sum(track => track.Faults)),
            Number(all.Sum(track => track.Freezes)),
            Number(result.Errors.Count));
        output.WriteLine();
        output.WriteLine("Subscriber summaries:");
        table.Write(output);
        if (all.FirstOrDefault(track => track.Faults > 0) is { } faulty)
        {
            output.WriteLine($"first fault: {faulty.TrackSid}: {faulty.FirstFault}");
        }
    }

    private static void WriteTimes(LoadTestResult result, TextWriter output)
    {
        var latency = new LatencyHistogram();
        var firstFrame = new LatencyHistogram();
        var join = new LatencyHistogram();
        foreach (var participant in result.Participants)
        {
            latency.Merge(participant.Latency);
            join.Add((long)participant.JoinTime.TotalMicroseconds);
            foreach (var time in participant.Received.Select(track => track.TimeToFirstFrame).OfType<TimeSpan>())
            {
                firstFrame.Add((long)time.TotalMicroseconds);
            }
        }

        var seconds = result.Measured.TotalSeconds;
        output.WriteLine();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Measured            {seconds:0.0} s"));
        output.WriteLine($"Latency             p50 {Fine(latency.Percentile(0.5))}, p99 {Fine(latency.Percentile(0.99))} ({Number(latency.Count)} frames, from sending to arriving)");
        output.WriteLine(firstFrame.Count == 0
            ? "Time to first frame not seen: only some packets are decrypted"
            : $"Time to first frame p50 {Milliseconds(firstFrame.Percentile(0.5))}, p99 {Milliseconds(firstFrame.Percentile(0.99))}");
        output.WriteLine($"Time to join        p50 {Milliseconds(join.Percentile(0.5))}, p99 {Milliseconds(join.Percentile(0.99))}");
        output.WriteLine($"Datagrams           {Number((long)(result.DatagramsReceived / seconds))}/s in, {Number((long)(result.DatagramsSent / seconds))}/s out");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"CPU of this tester  {result.ProcessorTime.TotalSeconds / seconds:0.00} cores"));
    }

    private static string Loss(IReadOnlyCollection<TrackStatistics> tracks)
    {
        var lost = tracks.Sum(track => track.Lost);
        return LossText(lost, tracks.Sum(track => track.Packets));
    }

    private static string Loss(TrackStatistics track) => LossText(track.Lost, track.Packets);

    private static string LossText(long lost, long received) => string.Create(
        CultureInfo.InvariantCulture, $"{lost} ({(lost + received == 0 ? 0 : 100.0 * lost / (lost + received)):0.##}%)");

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Rate(double bitsPerSecond) => bitsPerSecond >= 1e6
        ? string.Create(CultureInfo.InvariantCulture, $"{bitsPerSecond / 1e6:0.0}mbps")
        : string.Create(CultureInfo.InvariantCulture, $"{bitsPerSecond / 1e3:0.0}kbps");

    private static string Fine(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.00} ms");

    private static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms");
}
