namespace BuildIt.Interop.Tests.Browser;

/// <summary>
/// Which browsers meet in a test: who it is about first, then whom they talk to. Every run has Chromium with itself, and in
/// <see cref="FirefoxTests"/> Firefox with Chromium; BUILDIT_BROWSERS=all has every pair everywhere.
/// </summary>
public static class BrowserPairs
{
    private static readonly (BrowserKind, BrowserKind)[] OfFirefox =
        [(BrowserKind.Firefox, BrowserKind.Chromium), (BrowserKind.Chromium, BrowserKind.Firefox), (BrowserKind.Firefox, BrowserKind.Firefox)];

    private static bool AreAll => Environment.GetEnvironmentVariable("BUILDIT_BROWSERS") == "all";

    private static IEnumerable<(BrowserKind, BrowserKind)> Pairs => [(BrowserKind.Chromium, BrowserKind.Chromium), .. AreAll ? OfFirefox : []];

    public static TheoryData<BrowserKind, BrowserKind> Usual
    {
        get
        {
            var data = new TheoryData<BrowserKind, BrowserKind>();
            foreach (var (first, second) in Pairs)
            {
                data.Add(first, second);
            }

            return data;
        }
    }

    public static TheoryData<BrowserKind, BrowserKind, bool> UsualInBothModes => Each(Pairs, [true, false]);

    public static TheoryData<BrowserKind, BrowserKind, bool> WithFirefoxInBothModes => Each(AreAll ? OfFirefox : OfFirefox[..1], [true, false]);

    /// <summary>Each pair with each of some values.</summary>
    public static TheoryData<BrowserKind, BrowserKind, T> Each<T>(params T[] values) => Each(Pairs, values);

    /// <summary>Each pair with each of some pairs of values.</summary>
    public static TheoryData<BrowserKind, BrowserKind, T, TOther> Each<T, TOther>(params (T, TOther)[] values)
    {
        var data = new TheoryData<BrowserKind, BrowserKind, T, TOther>();
        foreach (var (first, second) in Pairs)
        {
            foreach (var (value, other) in values)
            {
                data.Add(first, second, value, other);
            }
        }

        return data;
    }

    private static TheoryData<BrowserKind, BrowserKind, T> Each<T>(IEnumerable<(BrowserKind, BrowserKind)> pairs, T[] values)
    {
        var data = new TheoryData<BrowserKind, BrowserKind, T>();
        foreach (var (first, second) in pairs)
        {
            foreach (var value in values)
            {
                data.Add(first, second, value);
            }
        }

        return data;
    }
}
