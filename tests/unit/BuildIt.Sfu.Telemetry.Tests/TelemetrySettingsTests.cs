using BuildIt.Sfu.Telemetry.Logs;

namespace BuildIt.Sfu.Telemetry.Tests;

public class TelemetrySettingsTests
{
    [Fact]
    public void Nothing_set_is_the_format_of_the_process_at_Information_and_no_traces()
    {
        var (settings, faults) = Read([]);
        Assert.Empty(faults);
        Assert.Equal(LogFormat.Text, settings.Logs.Format);
        Assert.Equal(LogLevels.Default, settings.Logs.Levels);
        Assert.Null(settings.Logs.LevelFile);
        Assert.Null(settings.Tracing);
    }

    [Fact]
    public void What_is_set_is_read_and_given_on()
    {
        var (settings, faults) = Read(new()
        {
            ["X_LOG_FORMAT"] = "json",
            ["X_LOG_LEVEL"] = "warning",
            ["X_LOG_LEVEL_FILE"] = "/levels",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4318/base",
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_TRACES_SAMPLER_ARG"] = "0.25",
        });
        Assert.Empty(faults);
        Assert.Equal(LogFormat.Json, settings.Logs.Format);
        Assert.Equal("Warning", settings.Logs.Levels.ToString());
        Assert.Equal("/levels", settings.Logs.LevelFile);
        var tracing = settings.Tracing!;
        Assert.True(tracing.IsHttp);
        Assert.Equal(0.25, tracing.SampleRatio);
        Assert.Equal(tracing, Read(tracing.Variables.ToDictionary(pair => pair.Key, pair => pair.Value)).Settings.Tracing);
    }

    [Theory]
    [InlineData("X_LOG_FORMAT", "xml", "json or text")]
    [InlineData("X_LOG_LEVEL", "loud", "Information")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "URL")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json", "grpc or http/protobuf")]
    [InlineData("OTEL_TRACES_SAMPLER_ARG", "10", "from 0 to 1")]
    [InlineData("OTEL_TRACES_SAMPLER_ARG", "-0.5", "from 0 to 1")]
    public void What_is_wrong_is_named(string name, string value, string expected)
    {
        var variables = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4317" };
        variables[name] = value;
        var fault = Assert.Single(Read(variables).Faults);
        Assert.StartsWith(name, fault, StringComparison.Ordinal);
        Assert.Contains(expected, fault, StringComparison.Ordinal);
    }

    private static (TelemetrySettings Settings, List<string> Faults) Read(Dictionary<string, string> variables)
    {
        var faults = new List<string>();
        return (TelemetrySettings.Read("X_", variables.GetValueOrDefault, LogFormat.Text, faults), faults);
    }
}
