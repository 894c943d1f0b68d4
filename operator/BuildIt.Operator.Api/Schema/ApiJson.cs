using System.Text.Json;
using System.Text.Json.Serialization;
using k8s;

namespace BuildIt.Operator.Api.Schema;

/// <summary>How resources are written as JSON: as the Kubernetes client writes them.</summary>
public static class ApiJson
{
    /// <summary>Read-only options with the client's converters for times, quantities and names.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    private static JsonSerializerOptions Make()
    {
        JsonSerializerOptions? options = null;
        KubernetesJson.AddJsonOptions(o => options = new JsonSerializerOptions(o));
        options!.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
