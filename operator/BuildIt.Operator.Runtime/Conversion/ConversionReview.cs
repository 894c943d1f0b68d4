using System.Text.Json;
using System.Text.Json.Nodes;

namespace BuildIt.Operator.Runtime.Conversion;

/// <summary>Answers a ConversionReview (apiextensions.k8s.io/v1). Pure.</summary>
public static class ConversionReview
{
    private const string ApiVersion = "apiextensions.k8s.io/v1";

    /// <summary>
    /// The answer to a review, or null when the body is not one. All of the objects are converted or none. It refers to the review, which has to
    /// live until it is written.
    /// </summary>
    /// <param name="review">The request's body, in which no name comes twice.</param>
    /// <param name="kinds">The kinds that are converted.</param>
    public static JsonObject? Answer(JsonElement review, IReadOnlyCollection<VersionedKind> kinds)
    {
        if (review.ValueKind != JsonValueKind.Object || TextAt(review, "apiVersion") != ApiVersion
            || !review.TryGetProperty("request", out var request) || request.ValueKind != JsonValueKind.Object
            || TextAt(request, "uid") is not { } uid)
        {
            return null;
        }

        var response = new JsonObject { ["uid"] = uid };
        try
        {
            response["convertedObjects"] = Convert(request, kinds);
            response["result"] = new JsonObject { ["status"] = "Success" };
        }
        catch (ConversionException failure)
        {
            response["result"] = new JsonObject { ["status"] = "Failure", ["message"] = failure.Message };
        }

        return new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = "ConversionReview", ["response"] = response };
    }

    /// <summary>Why an answer is a failure; null when it is none.</summary>
    public static string? FailureIn(JsonObject answer) => answer["response"]?["result"]?["message"]?.GetValue<string>();

    private static JsonArray Convert(JsonElement request, IReadOnlyCollection<VersionedKind> kinds)
    {
        if (TextAt(request, "desiredAPIVersion") is not { } wanted)
        {
            throw new ConversionException("the request names no desiredAPIVersion");
        }

        if (!request.TryGetProperty("objects", out var items) || items.ValueKind != JsonValueKind.Array)
        {
            throw new ConversionException("the request holds no objects");
        }

        var converted = new JsonArray();
        foreach (var item in items.EnumerateArray())
        {
            converted.Add(Convert(item, wanted, kinds));
        }

        return converted;
    }

    private static JsonObject Convert(JsonElement item, string wanted, IReadOnlyCollection<VersionedKind> kinds)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new ConversionException("one of the objects is none");
        }

        var (kind, group) = (TextAt(item, "kind") ?? "an object without a kind", (TextAt(item, "apiVersion") ?? string.Empty).Split('/')[0]);
        if (kinds.FirstOrDefault(each => each.Kind == kind && each.Group == group) is not { } versioned)
        {
            throw new ConversionException($"{kind} of group '{group}' is not converted here");
        }

        var result = JsonObject.Create(item)!;
        try
        {
            versioned.Convert(result, wanted);
        }
        catch (ConversionException failure)
        {
            throw new ConversionException($"{kind}.{group} \"{NameOf(item)}\" cannot be converted to {wanted}: {failure.Message}");
        }

        return result;
    }

    private static string NameOf(JsonElement item)
    {
        if (!item.TryGetProperty("metadata", out var metadata) || metadata.ValueKind != JsonValueKind.Object)
        {
            return string.Empty;
        }

        var name = TextAt(metadata, "name") ?? TextAt(metadata, "generateName") ?? string.Empty;
        return TextAt(metadata, "namespace") is { Length: > 0 } ns ? $"{ns}/{name}" : name;
    }

    private static string? TextAt(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
