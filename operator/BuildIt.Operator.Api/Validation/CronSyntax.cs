using System.Globalization;

namespace BuildIt.Operator.Api.Validation;

/// <summary>Checks the five-field cron syntax: numbers, names, ranges, lists and steps.</summary>
internal static class CronSyntax
{
    private static readonly (string Name, int Low, int High, string[] Names)[] Fields =
    [
        ("minute", 0, 59, []),
        ("hour", 0, 23, []),
        ("day of month", 1, 31, []),
        ("month", 1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
        ("day of week", 0, 7, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    ];

    /// <summary>What is wrong with <paramref name="text"/>, or null when it is a cron expression.</summary>
    public static string? FaultOf(string text)
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != Fields.Length)
        {
            return $"must have five fields (minute, hour, day of month, month, day of week), such as \"0 8 * * MON-FRI\"; it has {parts.Length}";
        }

        for (var i = 0; i < parts.Length; i++)
        {
            var (name, low, high, names) = Fields[i];
            if (!parts[i].Split(',').All(part => IsTerm(part, low, high, names)))
            {
                return $"has \"{parts[i]}\" for the {name}, which takes {low} to {high}, lists, ranges such as {low}-{high} and steps such as */2";
            }
        }

        return null;
    }

    private static bool IsTerm(string term, int low, int high, string[] names)
    {
        var slash = term.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && (!int.TryParse(term.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var step) || step < 1 || step > high))
        {
            return false;
        }

        var body = slash >= 0 ? term[..slash] : term;
        if (body == "*")
        {
            return true;
        }

        var dash = body.IndexOf('-', StringComparison.Ordinal);
        return dash < 0
            ? TryValue(body, low, high, names, out _)
            : TryValue(body[..dash], low, high, names, out var first) && TryValue(body[(dash + 1)..], low, high, names, out var last) && first <= last;
    }

    private static bool TryValue(string text, int low, int high, string[] names, out int value)
    {
        var index = Array.FindIndex(names, n => n.Equals(text, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
        {
            value = low + index;
            return true;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= low && value <= high;
    }
}
