using System.Globalization;

namespace BuildIt.Operator.Bench.Size;

/// <summary>What one object holds in memory, on average over many.</summary>
internal static class HeldMemory
{
    private const int Objects = 10_000;

    /// <summary>Makes many and says what each holds.</summary>
    /// <param name="name">What they are.</param>
    /// <param name="make">Makes one.</param>
    public static string Of(string name, Func<int, object> make)
    {
        var kept = new object[Objects];

        // What is compiled and cached at the first use is not to be measured.
        kept[0] = make(0);
        var before = Settled();
        for (var i = 0; i < Objects; i++)
        {
            kept[i] = make(i);
        }

        var held = (Settled() - before) / Objects;
        GC.KeepAlive(kept);
        return string.Create(CultureInfo.InvariantCulture, $"{name}: {held:N0} bytes");
    }

    private static long Settled()
    {
        for (var i = 0; i < 3; i++)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
