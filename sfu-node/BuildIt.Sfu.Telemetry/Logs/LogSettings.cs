namespace BuildIt.Sfu.Telemetry.Logs;

/// <summary>How a process logs. Immutable.</summary>
public sealed record LogSettings
{
    /// <summary>After the prefix of the process: json or text.</summary>
    public const string FormatVariable = "LOG_FORMAT";

    /// <summary>After the prefix: how much is logged, as <see cref="LogLevels.TryParse"/> reads it.</summary>
    public const string LevelVariable = "LOG_LEVEL";

    /// <summary>After the prefix: a file that says otherwise while it is there and not empty. It may change at any time.</summary>
    public const string LevelFileVariable = "LOG_LEVEL_FILE";

    public LogFormat Format { get; init; } = LogFormat.Json;

    public LogLevels Levels { get; init; } = LogLevels.Default;

    public string? LevelFile { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <param name="prefix">What the names of the process' variables begin with.</param>
    /// <param name="variable">Gives the value of an environment variable; null or empty where it is not set.</param>
    /// <param name="format">The format where nothing says it.</param>
    /// <param name="faults">Takes everything that is wrong, each as a sentence.</param>
    public static LogSettings Read(string prefix, Func<string, string?> variable, LogFormat format, ICollection<string> faults)
    {
        ArgumentNullException.ThrowIfNull(variable);
        ArgumentNullException.ThrowIfNull(faults);
        var levels = LogLevels.Default;
        if (variable(prefix + LevelVariable) is { Length: > 0 } level && !LogLevels.TryParse(level, out levels, out var problem))
        {
            faults.Add($"{prefix}{LevelVariable} is \"{level}\": {problem}");
        }

        if (variable(prefix + FormatVariable) is { Length: > 0 } text && (!Enum.TryParse(text, ignoreCase: true, out format) || !Enum.IsDefined(format)))
        {
            faults.Add($"{prefix}{FormatVariable} is \"{text}\"; it must be json or text");
        }

        return new LogSettings
        {
            Format = format,
            Levels = levels,
            LevelFile = variable(prefix + LevelFileVariable) is { Length: > 0 } file ? file : null,
        };
    }
}
