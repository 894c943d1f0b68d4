using System.Globalization;

namespace BuildIt.Sfu.Telemetry.Traces;

/// <summary>
/// Where traces go, and how many of them. Read from the variables that OpenTelemetry gives these things
/// (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables), of which its exporter reads further ones itself, such as
/// OTEL_EXPORTER_OTLP_HEADERS. Immutable.
/// </summary>
/// <param name="Endpoint">The collector.</param>
/// <param name="IsHttp">OTLP over HTTP with protobuf; else over gRPC.</param>
/// <param name="SampleRatio">The part of new traces that is kept, from 0 to 1. Whoever takes part in one that others began goes by them.</param>
public sealed record TracingSettings(Uri Endpoint, bool IsHttp, double SampleRatio)
{
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    public const string ProtocolVariable = "OTEL_EXPORTER_OTLP_PROTOCOL";
    public const string RatioVariable = "OTEL_TRACES_SAMPLER_ARG";

    private const string Grpc = "grpc", Http = "http/protobuf";

    /// <summary>These settings as variables, for a process that is to have them too.</summary>
    public IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        [EndpointVariable] = Endpoint.OriginalString,
        [ProtocolVariable] = IsHttp ? Http : Grpc,
        [RatioVariable] = SampleRatio.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Reads the settings; null where no endpoint is named, which is how tracing is off.</summary>
    /// <param name="variable">Gives the value of an environment variable; null or empty where it is not set.</param>
    /// <param name="faults">Takes everything that is wrong, each as a sentence.</param>
    public static TracingSettings? Read(Func<string, string?> variable, ICollection<string> faults)
    {
        ArgumentNullException.ThrowIfNull(variable);
        ArgumentNullException.ThrowIfNull(faults);
        if (variable(EndpointVariable) is not { Length: > 0 } text)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            faults.Add($"{EndpointVariable} is \"{text}\"; it must be a URL such as http://collector:4317");
            return null;
        }

        var protocol = variable(ProtocolVariable) is { Length: > 0 } named ? named : Grpc;
        if (protocol is not (Grpc or Http))
        {
            faults.Add($"{ProtocolVariable} is \"{protocol}\"; it must be {Grpc} or {Http}");
        }

        var ratio = 1.0;
        if (variable(RatioVariable) is { Length: > 0 } part
            && !(double.TryParse(part, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out ratio) && ratio is >= 0 and <= 1))
        {
            faults.Add($"{RatioVariable} is \"{part}\"; it must be a number from 0 to 1");
        }

        return new TracingSettings(endpoint, protocol == Http, ratio);
    }
}
