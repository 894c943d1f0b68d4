using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>
/// Names every fault of a resource: first its shape (unknown fields, types, bounds, grammar), then what its fields say
/// together. Pure: the same input gives the same faults in the same order. Never throws for any JSON.
/// </summary>
public static class ResourceValidator
{
    /// <summary>Validates a resource of one of the product's kinds.</summary>
    /// <param name="resource">The resource as it would be stored.</param>
    /// <param name="previous">The stored resource when this is an update, else null.</param>
    /// <param name="now">The time that times in the resource are compared with; null skips those checks.</param>
    public static IReadOnlyList<Fault> Validate<T>(T resource, T? previous = null, DateTimeOffset? now = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        ArgumentNullException.ThrowIfNull(resource);
        return ValidateJson<T>(JsonSerializer.SerializeToNode(resource, ApiJson.Options), previous, now);
    }

    /// <summary>Validates a resource as it came in JSON.</summary>
    public static IReadOnlyList<Fault> ValidateJson<T>(JsonNode? json, T? previous = null, DateTimeOffset? now = null)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var faults = new FaultList();
        if (json is not JsonObject resource)
        {
            faults.Add("(root)", "must be an object");
            return faults.Faults;
        }

        // The check removes what is wrong; the caller's value stays as it is.
        resource = (JsonObject)resource.DeepClone();
        var schema = SchemaBuilder.For(typeof(T));
        SchemaValidator.Check(resource, schema, string.Empty, faults);
        resource.Remove("status");
        if (resource.Deserialize<T>(ApiJson.Options) is { } typed)
        {
            CheckMeaning(typed, previous, now, faults);
        }

        return faults.Faults;
    }

    private static void CheckMeaning<T>(T resource, T? previous, DateTimeOffset? now, FaultList faults)
    {
        switch (resource)
        {
            case SfuCluster cluster:
                SfuClusterRules.Check(cluster, previous as SfuCluster, faults);
                break;
            case ConferenceRoom room:
                ConferenceRoomRules.Check(room, previous as ConferenceRoom, now, faults);
                break;
            case RegionLink link:
                RegionLinkRules.Check(link, faults);
                break;
            default:
                throw new ArgumentException($"{typeof(T).Name} is not a kind of {SfuApi.Group}");
        }
    }
}
