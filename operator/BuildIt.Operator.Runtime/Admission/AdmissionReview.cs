using System.Text.Json;
using System.Text.Json.Nodes;

namespace BuildIt.Operator.Runtime.Admission;

/// <summary>Answers an AdmissionReview (admission.k8s.io/v1). Pure.</summary>
public static class AdmissionReview
{
    /// <summary>The answer to a review, or null when the body is not one.</summary>
    public static JsonObject? Answer(JsonElement review, IReadOnlyDictionary<string, IAdmissionValidator> validators)
    {
        if (review.ValueKind != JsonValueKind.Object
            || !review.TryGetProperty("request", out var request) || request.ValueKind != JsonValueKind.Object
            || !request.TryGetProperty("uid", out var uid) || uid.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var faults = Judge(request, validators);
        var response = new JsonObject { ["uid"] = uid.GetString(), ["allowed"] = faults.Count == 0 };
        if (faults.Count > 0)
        {
            response["status"] = new JsonObject
            {
                ["status"] = "Failure",
                ["reason"] = "Invalid",
                ["code"] = 422,
                ["message"] = string.Join("; ", faults),
                ["details"] = new JsonObject
                {
                    ["causes"] = new JsonArray([.. faults.Select(f => (JsonNode)new JsonObject { ["reason"] = "FieldValueInvalid", ["message"] = f })]),
                },
            };
        }

        return new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
    }

    /// <summary>The kind that a review is about; empty when it names none.</summary>
    public static string KindOf(JsonElement review) =>
        review.ValueKind == JsonValueKind.Object && review.TryGetProperty("request", out var request) && request.ValueKind == JsonValueKind.Object
        && request.TryGetProperty("kind", out var gvk) && gvk.ValueKind == JsonValueKind.Object
        && gvk.TryGetProperty("kind", out var kind) && kind.ValueKind == JsonValueKind.String
            ? kind.GetString()!
            : string.Empty;

    private static IReadOnlyList<string> Judge(JsonElement request, IReadOnlyDictionary<string, IAdmissionValidator> validators)
    {
        var kind = request.TryGetProperty("kind", out var gvk) && gvk.ValueKind == JsonValueKind.Object && gvk.TryGetProperty("kind", out var name) ? name.GetString() : null;
        var operation = request.TryGetProperty("operation", out var given) ? given.GetString() : null;
        if (operation is not ("CREATE" or "UPDATE"))
        {
            return [];
        }

        if (kind is null || !validators.TryGetValue(kind, out var validator))
        {
            return [$"{kind ?? "an object without a kind"} is not validated here; take it out of the webhook's rules"];
        }

        if (!request.TryGetProperty("object", out var item) || item.ValueKind != JsonValueKind.Object)
        {
            return ["the request holds no object"];
        }

        JsonElement? old = operation == "UPDATE" && request.TryGetProperty("oldObject", out var before) && before.ValueKind == JsonValueKind.Object ? before : null;
        return old is { } stored && LeavesSpec(item, stored) ? [] : validator.Validate(new AdmissionRequest(operation, item, old));
    }

    /// <summary>
    /// A change beside the spec is always allowed: an object that older rules let in must still get its labels changed and,
    /// above all, its finalizer removed.
    /// </summary>
    private static bool LeavesSpec(JsonElement item, JsonElement stored) =>
        IsBeingDeleted(item)
        || (item.TryGetProperty("spec", out var spec) && stored.TryGetProperty("spec", out var before) && JsonElement.DeepEquals(spec, before));

    private static bool IsBeingDeleted(JsonElement item) =>
        item.TryGetProperty("metadata", out var metadata) && metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty("deletionTimestamp", out var at) && at.ValueKind == JsonValueKind.String;
}
