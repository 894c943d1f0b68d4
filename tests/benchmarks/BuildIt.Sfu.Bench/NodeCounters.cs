using System.Globalization;

namespace BuildIt.Sfu.Bench;

/// <summary>The node's counters at one moment, summed over its loops.</summary>
internal readonly record struct NodeCounters(double PacketsIn, double PacketsOut, double BytesOut, double Dropped, double Segmented, double SegmentedMessages, double SendCalls, double Allocated, double InnerBytes)
{
    public static async Task<NodeCounters> ReadAsync(HttpClient http, Uri metrics)
    {
        string[] lines = (await http.GetStringAsync(metrics)).Split('\n');
        return new NodeCounters(
            Sum(lines, "buildit_sfu_packets_total", "direction=\"in\""),
            Sum(lines, "buildit_sfu_packets_total", "direction=\"out\""),
            Sum(lines, "buildit_sfu_bytes_total", "direction=\"out\""),
            Sum(lines, "buildit_sfu_packets_dropped_total", ""),
            Sum(lines, "buildit_sfu_packets_segmented_total", ""),
            Sum(lines, "buildit_sfu_messages_segmented_total", ""),
            Sum(lines, "buildit_sfu_send_calls_total", ""),
            Sum(lines, "buildit_sfu_allocated_bytes_total", ""),
            Sum(lines, "buildit_sfu_inner_bytes_total", ""));
    }

    public static NodeCounters operator -(NodeCounters after, NodeCounters before) => new(
        after.PacketsIn - before.PacketsIn,
        after.PacketsOut - before.PacketsOut,
        after.BytesOut - before.BytesOut,
        after.Dropped - before.Dropped,
        after.Segmented - before.Segmented,
        after.SegmentedMessages - before.SegmentedMessages,
        after.SendCalls - before.SendCalls,
        after.Allocated - before.Allocated,
        after.InnerBytes - before.InnerBytes);

    private static double Sum(string[] lines, string name, string label) => lines
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
        .Sum(line => double.Parse(line.AsSpan(line.LastIndexOf(' ') + 1), CultureInfo.InvariantCulture));
}
