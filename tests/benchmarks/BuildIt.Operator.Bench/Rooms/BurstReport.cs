using System.Diagnostics;
using System.Globalization;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>What a burst of rooms took.</summary>
/// <param name="Name">Who placed them.</param>
/// <param name="Rooms">How many.</param>
/// <param name="Creating">From the first creation to the answer of the last.</param>
/// <param name="Whole">From the first creation until the last was Ready.</param>
/// <param name="Created">When each was created.</param>
/// <param name="Ready">When each was seen Ready.</param>
internal sealed record BurstReport(
    string Name, int Rooms, TimeSpan Creating, TimeSpan Whole, IReadOnlyDictionary<string, Creation> Created, IReadOnlyDictionary<string, long> Ready)
{
    /// <summary>From the answer to a creation until the room was seen Ready. The watch may be ahead of the answer.</summary>
    private IReadOnlyList<double> Delays => [.. Ready.Select(pair => Math.Max(0, Stopwatch.GetElapsedTime(Created[pair.Key].Answered, pair.Value).TotalMilliseconds)).Order()];

    private double Rate => Rooms / Whole.TotalSeconds;

    public static string Ratio(BurstReport floor, BurstReport whole) => string.Create(
        CultureInfo.InvariantCulture,
        $"ratio to the API server alone: rooms a second {whole.Rate / floor.Rate:0.00}, p50 {At(whole.Delays, 50) / At(floor.Delays, 50):0.0}, p99 {At(whole.Delays, 99) / At(floor.Delays, 99):0.0}");

    public override string ToString()
    {
        var asked = Ready.Select(pair => Stopwatch.GetElapsedTime(Created[pair.Key].Asked, pair.Value).TotalMilliseconds).Order().ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Name}: created at {Rooms / Creating.TotalSeconds:0} a second, all Ready at {Rate:0} a second; created to Ready p50 {At(Delays, 50):0} ms, p99 {At(Delays, 99):0} ms; asked for to Ready p50 {At(asked, 50):0} ms, p99 {At(asked, 99):0} ms");
    }

    private static double At(IReadOnlyList<double> sorted, int percent) => sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];
}
