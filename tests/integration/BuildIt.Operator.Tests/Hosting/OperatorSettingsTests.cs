using BuildIt.Operator.Hosting;
using BuildIt.Sfu.Telemetry.Logs;

namespace BuildIt.Operator.Tests.Hosting;

public sealed class OperatorSettingsTests
{
    [Fact]
    public void What_is_not_set_has_its_default()
    {
        var settings = Read(("NAMESPACE", "sfu"), ("NODE_IMAGE", "node:1"));
        Assert.NotNull(settings);
        Assert.Equal((8080, 9443, null, null, LogLevels.Default), (settings.HttpPort, settings.WebhookPort, settings.WatchNamespace, settings.WebhookService, settings.Telemetry.Logs.Levels));
        Assert.Empty(settings.NodeVariables);
    }

    [Fact]
    public void Nodes_trace_and_log_as_the_operator_does()
    {
        var settings = OperatorSettings.Read(
            name => name switch
            {
                "BUILDIT_OPERATOR_NAMESPACE" => "sfu",
                "BUILDIT_OPERATOR_NODE_IMAGE" => "node:1",
                "BUILDIT_OPERATOR_LOG_FORMAT" => "text",
                "OTEL_EXPORTER_OTLP_ENDPOINT" => "http://collector:4317",
                _ => null,
            },
            out _)!;
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["BUILDIT_LOG_FORMAT"] = "text",
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://collector:4317",
                ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "grpc",
                ["OTEL_TRACES_SAMPLER_ARG"] = "1",
            },
            settings.NodeVariables);
    }

    [Fact]
    public void Every_fault_is_named_at_once()
    {
        Assert.Null(OperatorSettings.Read(
            name => name switch { "BUILDIT_OPERATOR_HTTP_PORT" => "99999", "BUILDIT_OPERATOR_LOG_LEVEL" => "loud", _ => null }, out var faults));
        Assert.Equal(4, faults.Count);
        Assert.All(faults, fault => Assert.StartsWith("BUILDIT_OPERATOR_", fault, StringComparison.Ordinal));
    }

    private static OperatorSettings? Read(params (string Name, string Value)[] variables) => OperatorSettings.Read(
        name => variables.FirstOrDefault(v => OperatorSettings.Prefix + v.Name == name).Value, out _);
}
