using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BuildIt.Sfu.Telemetry.Traces;

/// <summary>Tracing as all processes have it: our own spans and no others, sent to a collector by OTLP.</summary>
public static class ProcessTracing
{
    /// <summary>What the path of traces is below an endpoint of OTLP over HTTP (OTLP specification, "OTLP/HTTP request").</summary>
    private const string HttpPath = "v1/traces";

    /// <summary>Exports spans where the settings say so; without settings nothing is added.</summary>
    /// <param name="services">Where to add it.</param>
    /// <param name="settings">Null: no traces.</param>
    /// <param name="service">The name of the process, among all that a collector hears of.</param>
    /// <param name="instance">Which of several: the pod.</param>
    public static IServiceCollection AddProcessTracing(this IServiceCollection services, TracingSettings? settings, string service, string instance)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (settings is null)
        {
            return services;
        }

        services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(
                service, serviceNamespace: "buildit-sfu", serviceVersion: typeof(ProcessTracing).Assembly.GetName().Version?.ToString(3), autoGenerateServiceInstanceId: false, serviceInstanceId: instance))
            .WithTracing(traces => traces
                .SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(settings.SampleRatio)))
                .AddSource($"{OwnSpans.Prefix}*")
                .AddOtlpExporter(otlp =>
                {
                    otlp.Protocol = settings.IsHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc;

                    // Given in code, an endpoint is taken as it is.
                    otlp.Endpoint = settings.IsHttp ? new Uri($"{settings.Endpoint.AbsoluteUri.TrimEnd('/')}/{HttpPath}") : settings.Endpoint;
                }));
        return services;
    }
}
