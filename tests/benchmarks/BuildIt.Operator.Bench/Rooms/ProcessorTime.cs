using System.Diagnostics;
using System.Globalization;

namespace BuildIt.Operator.Bench.Rooms;

/// <summary>Processor time that programs have used between two looks.</summary>
internal sealed class ProcessorTime(IReadOnlyDictionary<string, int> processes)
{
    private readonly Dictionary<string, TimeSpan> _before = Read(processes);

    /// <summary>Milliseconds by program for each of so many things done.</summary>
    public string PerItem(int items) => string.Join(", ", Read(processes).Select(pair => string.Create(
        CultureInfo.InvariantCulture, $"{pair.Key} {(pair.Value - _before[pair.Key]).TotalMilliseconds / items:0.00} ms")));

    private static Dictionary<string, TimeSpan> Read(IReadOnlyDictionary<string, int> processes)
    {
        var times = new Dictionary<string, TimeSpan>();
        foreach (var (name, id) in processes)
        {
            using var process = Process.GetProcessById(id);
            times[name] = process.TotalProcessorTime;
        }

        return times;
    }
}
