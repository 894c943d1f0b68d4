using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;

namespace BuildIt.Sfu.Telemetry.Logs;

/// <summary>How much is logged: a level, and others for some categories. Immutable.</summary>
public sealed class LogLevels : IEquatable<LogLevels>
{
    /// <summary>A person may write no longer text than this, in characters.</summary>
    public const int MaxLength = 1024;

    // Every probe and admission request would be four lines: frameworks say what is wrong, unless they are asked by name.
    private static readonly string[] Frameworks = ["Microsoft", "System", "OpenTelemetry"];

    private readonly string _text;

    private LogLevels(LogLevel level, IReadOnlyList<KeyValuePair<string, LogLevel>> categories, string text)
    {
        Level = level;
        Categories = categories;
        _text = text;
    }

    public static LogLevels Default { get; } = new(LogLevel.Information, Complete(LogLevel.Information, []), nameof(LogLevel.Information));

    /// <summary>Of all categories that nothing else is said of.</summary>
    public LogLevel Level { get; }

    /// <summary>By what the names of categories begin with; of several that fit the longest counts.</summary>
    public IReadOnlyList<KeyValuePair<string, LogLevel>> Categories { get; }

    /// <summary>
    /// Reads <c>Debug</c>, or <c>Information,BuildIt.Sfu.Node.Relays=Debug,Microsoft=Information</c>: a level, and after it categories,
    /// or the beginnings of their names, with levels of their own. Capitals do not matter in levels.
    /// </summary>
    /// <param name="text">What somebody wrote.</param>
    /// <param name="levels">What it means; the default where it means nothing.</param>
    /// <param name="problem">What is wrong with it, and what would be right; null when nothing is.</param>
    public static bool TryParse(string text, out LogLevels levels, [NotNullWhen(false)] out string? problem)
    {
        ArgumentNullException.ThrowIfNull(text);
        levels = Default;
        if (text.Length > MaxLength)
        {
            problem = $"it must have {MaxLength} characters at most";
            return false;
        }

        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length == 0 || !TryLevel(parts[0], out var level))
        {
            problem = $"it must begin with one of {string.Join(", ", Enum.GetNames<LogLevel>())}";
            return false;
        }

        var categories = new Dictionary<string, LogLevel>(StringComparer.Ordinal);
        foreach (var part in parts.Skip(1))
        {
            if (part.Split('=', StringSplitOptions.TrimEntries) is not [{ Length: > 0 } category, var own] || !TryLevel(own, out var at))
            {
                problem = $"\"{part}\" must be a category and its level, such as BuildIt.Sfu.Node=Debug";
                return false;
            }

            categories[category] = at;
        }

        levels = new LogLevels(level, Complete(level, categories), string.Join(',', [level.ToString(), .. categories.Select(pair => $"{pair.Key}={pair.Value}")]));
        problem = null;
        return true;
    }

    public bool Equals(LogLevels? other) => other is not null && _text == other._text;

    public override bool Equals(object? obj) => Equals(obj as LogLevels);

    public override int GetHashCode() => _text.GetHashCode(StringComparison.Ordinal);

    /// <summary>As <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => _text;

    private static List<KeyValuePair<string, LogLevel>> Complete(LogLevel level, Dictionary<string, LogLevel> categories)
    {
        var all = categories.ToList();
        all.AddRange(Frameworks.Where(name => !categories.ContainsKey(name)).Select(name => KeyValuePair.Create(name, level > LogLevel.Warning ? level : LogLevel.Warning)));
        return all;
    }

    // A number would be taken for a level as well, and means nothing to whoever reads it.
    private static bool TryLevel(string text, out LogLevel level)
    {
        level = default;
        return text.Length > 0 && char.IsAsciiLetter(text[0]) && Enum.TryParse(text, ignoreCase: true, out level) && Enum.IsDefined(level);
    }
}
