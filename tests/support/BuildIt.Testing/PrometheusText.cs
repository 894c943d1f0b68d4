using System.Text.RegularExpressions;

namespace BuildIt.Testing;

/// <summary>One family of series in an answer to Prometheus.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">counter, gauge or histogram.</param>
/// <param name="Help">What it says of itself.</param>
/// <param name="Labels">Names of labels that its series have.</param>
public sealed record MetricFamily(string Name, string Type, string Help, IReadOnlySet<string> Labels);

/// <summary>Reads the text format of Prometheus, version 0.0.4.</summary>
public static partial class PrometheusText
{
    /// <summary>The families of the product that have series, in the order of the text.</summary>
    /// <param name="text">The answer.</param>
    /// <param name="everywhere">Labels that all series of the process have; they are left away.</param>
    public static IReadOnlyList<MetricFamily> Families(string text, params string[] everywhere)
    {
        var help = Help().Matches(text).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value, StringComparer.Ordinal);
        return
        [
            .. Type().Matches(text).Select(match => new MetricFamily(
                match.Groups[1].Value, match.Groups[2].Value, help.GetValueOrDefault(match.Groups[1].Value, string.Empty),
                Series().Matches(text)
                    .Where(series => Regex.Replace(series.Groups[1].Value, "_(bucket|sum|count)$", string.Empty) is var name && (name == match.Groups[1].Value || series.Groups[1].Value == match.Groups[1].Value))
                    .SelectMany(series => Label().Matches(series.Groups[2].Value)).Select(label => label.Groups[1].Value).Where(label => label != "le").Except(everywhere).ToHashSet(StringComparer.Ordinal))),
        ];
    }

    [GeneratedRegex(@"^# HELP (buildit_\w+) (.*)$", RegexOptions.Multiline)]
    private static partial Regex Help();

    [GeneratedRegex(@"^# TYPE (buildit_\w+) (\w+)$", RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex(@"^(buildit_\w+)(?:\{(.*)\})? \S+$", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"(\w+)=""")]
    private static partial Regex Label();
}
