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
            response["status"] = Refusal(request, faults);
        }

        return new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response };
    }

    /// <summary>The kind that a review is about; empty when it names none.</summary>
    public static string KindOf(JsonElement review) => TextAt(review, "request", "kind", "kind");

    /// <summary>The same Status that the API server answers with when its own validation refuses an object: kubectl and other clients know how to show it.</summary>
    private static JsonObject Refusal(JsonElement request, IReadOnlyList<AdmissionFault> faults)
    {
        var (group, kind, name) = (TextAt(request, "kind", "group"), TextAt(request, "kind", "kind"), NameIn(request));
        var words = faults.Count == 1 ? faults[0].ToString() : $"[{string.Join(", ", faults)}]";
        return new JsonObject
        {
            ["status"] = "Failure",
            ["reason"] = "Invalid",
            ["code"] = 422,
            ["message"] = $"{kind}{(group.Length > 0 ? "." : string.Empty)}{group} \"{name}\" is invalid: {words}",
            ["details"] = new JsonObject
            {
                ["name"] = name,
                ["group"] = group,
                ["kind"] = kind,
                ["causes"] = new JsonArray(
                [
                    .. faults.Select(fault => (JsonNode)new JsonObject
                    {
                        ["reason"] = fault.IsMissing ? "FieldValueRequired" : "FieldValueInvalid",
                        ["message"] = fault.Message,
                        ["field"] = fault.Field,
                    }),
                ]),
            },
        };
    }

    /// <summary>The object's name; for one that the server has yet to name, what its name will begin with.</summary>
    private static string NameIn(JsonElement request) =>
        TextAt(request, "name") is { Length: > 0 } name ? name
        : TextAt(request, "object", "metadata", "name") is { Length: > 0 } given ? given
        : TextAt(request, "object", "metadata", "generateName");

    private static string TextAt(JsonElement item, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(name, out item))
            {
                return string.Empty;
            }
        }

        return item.ValueKind == JsonValueKind.String ? item.GetString()! : string.Empty;
    }

    private static IReadOnlyList<AdmissionFault> Judge(JsonElement request, IReadOnlyDictionary<string, IAdmissionValidator> validators)
    {
        var kind = TextAt(request, "kind", "kind") is { Length: > 0 } named ? named : null;
        var operation = TextAt(request, "operation");
        if (operation is not ("CREATE" or "UPDATE"))
        {
            return [];
        }

        if (kind is null || !validators.TryGetValue(kind, out var validator))
        {
            return [new AdmissionFault("kind", $"{kind ?? "an object without a kind"} is not validated here; take it out of the webhook's rules")];
        }

        if (!request.TryGetProperty("object", out var item) || item.ValueKind != JsonValueKind.Object)
        {
            return [new AdmissionFault("object", "the request holds none", true)];
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
