using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Writing;

/// <summary>Tells whether an object already has every field that would be applied. Pure.</summary>
public static class ApplyComparison
{
    /// <summary>Names by which entries of lists are matched, as in Kubernetes' own list maps.</summary>
    private static readonly string[] EntryKeys = ["name", "type", "uid", "mountPath", "containerPort", "port", "key", "ip"];

    /// <summary>
    /// True when every field of <paramref name="desired"/> is in <paramref name="live"/> with the same value. What the live
    /// object has beyond that belongs to others (defaults, other managers) and does not count.
    /// </summary>
    public static bool Covers(JsonNode? live, JsonNode? desired) => (live, desired) switch
    {
        (_, null) => true,
        (null, JsonObject { Count: 0 } or JsonArray { Count: 0 }) => true,
        (null, _) => false,
        (JsonObject has, JsonObject wants) => wants.All(field => Covers(has[field.Key], field.Value)),
        (JsonArray has, JsonArray wants) => CoversList(has, wants),
        (JsonValue has, JsonValue wants) => IsSame(has, wants),
        _ => false,
    };

    /// <summary>A short digest of the fields, the same for the same fields in any order.</summary>
    public static string Digest(JsonNode desired)
    {
        var text = new StringBuilder();
        WriteCanonical(desired, text);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())).AsSpan(0, 8));
    }

    private static bool CoversList(JsonArray has, JsonArray wants)
    {
        if (EntryKeys.FirstOrDefault(k => wants.Count > 0 && wants.All(w => w is JsonObject o && o[k] is JsonValue)) is { } key)
        {
            return wants.All(want => has.Any(h => h is JsonObject o && o[key] is JsonValue v && IsSame(v, (JsonValue)((JsonObject)want!)[key]!) && Covers(h, want)));
        }

        return has.Count == wants.Count && has.Zip(wants).All(pair => Covers(pair.First, pair.Second));
    }

    private static bool IsSame(JsonValue has, JsonValue wants)
    {
        if (JsonNode.DeepEquals(has, wants))
        {
            return true;
        }

        // The server rewrites quantities ("1000m" becomes "1") and times; the meaning counts.
        if (wants.GetValueKind() != JsonValueKind.String || has.GetValueKind() != JsonValueKind.String)
        {
            return false;
        }

        var (a, b) = (has.GetValue<string>(), wants.GetValue<string>());
        return a.Length is > 0 and < 32 && b.Length is > 0 and < 32 && (char.IsAsciiDigit(a[0]) && char.IsAsciiDigit(b[0]))
            && (IsSameQuantity(a, b) || (DateTimeOffset.TryParse(a, out var at) && DateTimeOffset.TryParse(b, out var bt) && at == bt));
    }

    private static bool IsSameQuantity(string a, string b)
    {
        try
        {
            return new ResourceQuantity(a).ToDecimal() == new ResourceQuantity(b).ToDecimal();
        }
        catch (Exception odd) when (odd is FormatException or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    private static void WriteCanonical(JsonNode? node, StringBuilder text)
    {
        switch (node)
        {
            case JsonObject members:
                text.Append('{');
                foreach (var (name, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
                {
                    text.Append(JsonSerializer.Serialize(name)).Append(':');
                    WriteCanonical(value, text);
                    text.Append(',');
                }

                text.Append('}');
                break;
            case JsonArray items:
                text.Append('[');
                foreach (var item in items)
                {
                    WriteCanonical(item, text);
                    text.Append(',');
                }

                text.Append(']');
                break;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }
}
