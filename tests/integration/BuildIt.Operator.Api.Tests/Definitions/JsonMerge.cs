using System.Text.Json.Nodes;

namespace BuildIt.Operator.Api.Tests.Definitions;

/// <summary>JSON Merge Patch, RFC 7386 section 2.</summary>
internal static class JsonMerge
{
    public static JsonNode? Apply(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject members)
        {
            return patch?.DeepClone();
        }

        var result = target as JsonObject ?? [];
        foreach (var (name, value) in members)
        {
            if (value is null)
            {
                result.Remove(name);
            }
            else
            {
                result[name] = Apply(result[name]?.DeepClone(), value);
            }
        }

        return result;
    }
}
