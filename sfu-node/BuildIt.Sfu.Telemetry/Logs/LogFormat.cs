namespace BuildIt.Sfu.Telemetry.Logs;

/// <summary>How a line of a log is written.</summary>
public enum LogFormat
{
    /// <summary>A JSON object, for machines.</summary>
    Json,

    /// <summary>Time, level, category and message, for people.</summary>
    Text,
}
