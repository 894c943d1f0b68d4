using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Runtime.Admission;
using BuildIt.Operator.Runtime.Client;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Admission;

/// <summary>Refuses invalid objects of one of the product's kinds, naming every fault.</summary>
public sealed class ResourceAdmission<T>(TimeProvider time) : IAdmissionValidator
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    public string Kind { get; } = ResourceType.Of<T>().Kind;

    public IReadOnlyList<string> Validate(AdmissionRequest request)
    {
        var faults = ResourceValidator.ValidateJson(JsonObject.Create(request.Object), Stored(request.Old), time.GetUtcNow());
        return [.. faults.Select(f => f.ToString())];
    }

    /// <summary>The stored object; null when an older version of the schema let in what this one cannot read.</summary>
    private static T? Stored(JsonElement? old)
    {
        try
        {
            return old?.Deserialize<T>(ApiJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
