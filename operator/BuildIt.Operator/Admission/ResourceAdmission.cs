using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Runtime.Admission;
using BuildIt.Operator.Runtime.Client;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Admission;

/// <summary>Says at the door everything that is wrong with a resource: the same that its condition would say.</summary>
internal sealed class ResourceAdmission<T>(TimeProvider time) : IAdmissionValidator
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    public string Kind { get; } = ResourceType.Of<T>().Kind;

    public IReadOnlyList<AdmissionFault> Validate(AdmissionRequest request)
    {
        var item = JsonNode.Parse(request.Object.GetRawText());

        // What the server keeps about an object is not its owner's to get right.
        (item as JsonObject)?.Remove("status");
        return
        [
            .. ResourceValidator.ValidateJson(item, Stored(request.Old), time.GetUtcNow())
                .Select(fault => new AdmissionFault(fault.Field, fault.Message, fault.Message == FaultList.Missing)),
        ];
    }

    // An object that older rules let in may not fit the type any more; then only the new one is judged.
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
