using System.Globalization;

namespace BuildIt.KubectlSfu.Output;

/// <summary>Numbers and times as people read them.</summary>
internal static class Words
{
    /// <summary>A time span in its two largest units, such as <c>4m12s</c> or <c>3d4h</c>.</summary>
    public static string Span(TimeSpan span)
    {
        var positive = span < TimeSpan.Zero ? TimeSpan.Zero : span;
        return positive switch
        {
            { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{positive.TotalSeconds:0.#}s"),
            { TotalMinutes: < 1 } => $"{(int)positive.TotalSeconds}s",
            { TotalHours: < 1 } => $"{positive.Minutes}m{positive.Seconds}s",
            { TotalDays: < 1 } => $"{positive.Hours}h{positive.Minutes}m",
            _ => $"{(int)positive.TotalDays}d{positive.Hours}h",
        };
    }

    public static string Ago(DateTimeOffset? at, DateTimeOffset now) => at is { } known ? $"{Span(now - known)} ago" : "never";

    public static string Clock(DateTimeOffset at) => at.ToUniversalTime().ToString("HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Percent(double fraction) => string.Create(CultureInfo.InvariantCulture, $"{Math.Round(fraction * 100):0}%");

    /// <summary>A rate with a decimal prefix.</summary>
    public static string Rate(double bitsPerSecond) => bitsPerSecond switch
    {
        >= 1e9 => string.Create(CultureInfo.InvariantCulture, $"{bitsPerSecond / 1e9:0.##} Gbit/s"),
        >= 1e6 => string.Create(CultureInfo.InvariantCulture, $"{bitsPerSecond / 1e6:0.#} Mbit/s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bitsPerSecond / 1e3:0} kbit/s"),
    };

    public static string Count(int number, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{number} {(number == 1 ? one : many)}");

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
