using System.Diagnostics;
using System.Globalization;

namespace BuildIt.Operator.Bench.Planning;

/// <summary>What one piece of work took: the median of several runs.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Median">The time of one run.</param>
/// <param name="AllocatedBytes">What one run allocated.</param>
/// <param name="Budget">The most that it may allocate, in bytes.</param>
internal sealed record Measurement(string Name, TimeSpan Median, long AllocatedBytes, long Budget)
{
    private const int WarmUps = 3;
    private const int Runs = 11;

    public bool IsWithinBudget => AllocatedBytes <= Budget;

    public static Measurement Of<T>(string name, long budget, Func<T> prepare, Action<T> work)
    {
        var times = new TimeSpan[Runs];
        var bytes = new long[Runs];
        for (var run = -WarmUps; run < Runs; run++)
        {
            var input = prepare();
            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            work(input);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (run >= 0)
            {
                times[run] = elapsed;
                bytes[run] = GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }

        Array.Sort(times);
        Array.Sort(bytes);
        return new Measurement(name, times[Runs / 2], bytes[Runs / 2], budget);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Name}: {Median.TotalMilliseconds:0.00} ms, {AllocatedBytes:N0} bytes allocated (budget {Budget:N0}){(IsWithinBudget ? "" : "  OVER BUDGET")}");
}
