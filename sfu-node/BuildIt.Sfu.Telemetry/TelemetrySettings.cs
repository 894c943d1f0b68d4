using BuildIt.Sfu.Telemetry.Logs;
using BuildIt.Sfu.Telemetry.Traces;

namespace BuildIt.Sfu.Telemetry;

/// <summary>What a process tells about itself beside metrics: its logs and its traces. Immutable.</summary>
public sealed record TelemetrySettings
{
    public LogSettings Logs { get; init; } = new();

    /// <summary>Null: no traces.</summary>
    public TracingSettings? Tracing { get; init; }

    /// <summary>Reads the settings.</summary>
    /// <param name="prefix">What the names of the process' own variables begin with. Those of OpenTelemetry have none.</param>
    /// <param name="variable">Gives the value of an environment variable; null or empty where it is not set.</param>
    /// <param name="format">How logs are written where nothing says it.</param>
    /// <param name="faults">Takes everything that is wrong, each as a sentence.</param>
    public static TelemetrySettings Read(string prefix, Func<string, string?> variable, LogFormat format, ICollection<string> faults) => new()
    {
        Logs = LogSettings.Read(prefix, variable, format, faults),
        Tracing = TracingSettings.Read(variable, faults),
    };
}
