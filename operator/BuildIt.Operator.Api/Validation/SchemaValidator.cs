using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.Api.Validation;

/// <summary>
/// Checks a JSON value against a structural schema and names every fault. What is wrong is also removed from the value,
/// so that the rest can be read into its type and checked further.
/// </summary>
internal static class SchemaValidator
{
    private const int MaxShownLength = 64;

    private static readonly ConcurrentDictionary<string, Regex> Patterns = new();

    /// <summary>True when <paramref name="value"/> may stay; false when its parent should drop it.</summary>
    public static bool Check(JsonNode? value, SchemaNode schema, string path, FaultList faults)
    {
        if (schema.PreserveUnknownFields)
        {
            return true;
        }

        if (schema.IntOrString)
        {
            return CheckIntOrString(value, schema, path, faults);
        }

        switch (schema.Type)
        {
            case "object":
                return CheckObject(value, schema, path, faults);
            case "array":
                return CheckArray(value, schema, path, faults);
            case "string":
                return value?.GetValueKind() == JsonValueKind.String
                    ? CheckText(value.GetValue<string>(), schema, path, faults)
                    : Wrong(value, schema.Expected ?? "a string", path, faults);
            case "boolean":
                return CheckBoolean(value, schema, path, faults);
            default:
                return CheckNumber(value, schema, path, faults);
        }
    }

    private static bool CheckObject(JsonNode? value, SchemaNode schema, string path, FaultList faults)
    {
        if (value is not JsonObject members)
        {
            return Wrong(value, "an object", path, faults);
        }

        if (schema.MaxItems is { } most && members.Count > most)
        {
            faults.Add(path, $"has {members.Count} entries; at most {most} are allowed");
        }

        foreach (var (name, member) in members.ToList())
        {
            var child = Join(path, name);
            var childSchema = schema.Property(name) ?? schema.AdditionalProperties;
            if (childSchema is null)
            {
                // metadata has an open schema: the server itself checks it.
                if (schema.Properties.Count > 0)
                {
                    faults.Add(child, Unknown(name, schema));
                    members.Remove(name);
                }

                continue;
            }

            if (member is null)
            {
                // The server drops a null where a default or an absence is meant.
                members.Remove(name);
                continue;
            }

            if (!Check(member, childSchema, child, faults))
            {
                members.Remove(name);
                members.Add(name, null);
            }
        }

        foreach (var name in schema.Required)
        {
            if (!members.ContainsKey(name))
            {
                faults.Add(Join(path, name), FaultList.Missing);
            }
            else if (members[name] is JsonValue text && text.GetValueKind() == JsonValueKind.String
                && text.GetValue<string>().Length == 0 && schema.Property(name) is { MinLength: null, Enum.Count: 0 })
            {
                faults.Add(Join(path, name), FaultList.Missing);
            }
        }

        foreach (var name in members.Where(m => m.Value is null).Select(m => m.Key).ToList())
        {
            members.Remove(name);
        }

        return true;
    }

    private static bool CheckArray(JsonNode? value, SchemaNode schema, string path, FaultList faults)
    {
        if (value is not JsonArray items)
        {
            return Wrong(value, "a list", path, faults);
        }

        if (schema.MinItems is { } fewest && items.Count < fewest)
        {
            faults.Add(path, fewest == 1 ? "needs at least one entry" : $"has {items.Count} entries; at least {fewest} are needed");
        }

        if (schema.MaxItems is { } most && items.Count > most)
        {
            faults.Add(path, $"has {items.Count} entries; at most {most} are allowed");
            return false;
        }

        var good = true;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var child = $"{path}[{i}]";
            good &= Check(items[i], schema.Items!, child, faults);
            if (KeyOf(items[i], schema) is { } key && !seen.Add(key))
            {
                faults.Add(child, $"repeats {key}; give each entry once");
            }
        }

        return good;
    }

    private static string? KeyOf(JsonNode? item, SchemaNode schema) => schema.ListType switch
    {
        "set" => item?.ToJsonString(),
        "map" when item is JsonObject entry => string.Join(", ", schema.ListMapKeys.Select(k => $"{k} {entry[k]?.ToJsonString() ?? "(none)"}")),
        _ => null,
    };

    private static bool CheckBoolean(JsonNode? value, SchemaNode schema, string path, FaultList faults)
    {
        if (value?.GetValueKind() is not (JsonValueKind.True or JsonValueKind.False))
        {
            return Wrong(value, "true or false", path, faults);
        }

        if (schema.OnlyTrue && value.GetValueKind() == JsonValueKind.False)
        {
            faults.Add(path, "must be true; it cannot be turned off");
            return false;
        }

        return true;
    }

    private static bool CheckNumber(JsonNode? value, SchemaNode schema, string path, FaultList faults)
    {
        var whole = schema.Type == "integer";
        if (value?.GetValueKind() != JsonValueKind.Number || !TryNumber(value, out var number) || (whole && number != Math.Truncate(number)))
        {
            return Wrong(value, whole ? "a whole number" : "a number", path, faults);
        }

        var (low, high) = (schema.Minimum, schema.Maximum);
        if (whole && schema.Format == "int32")
        {
            low ??= int.MinValue;
            high ??= int.MaxValue;
        }

        if (number < low || number > high)
        {
            faults.Add(path, $"must be {Range(low, high)}, not {Shown(value)}");
            return false;
        }

        return true;
    }

    private static bool TryNumber(JsonNode value, out double number)
    {
        number = 0;
        return double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
    }

    private static bool CheckIntOrString(JsonNode? value, SchemaNode schema, string path, FaultList faults)
    {
        switch (value?.GetValueKind())
        {
            case JsonValueKind.String:
                return CheckText(value.GetValue<string>(), schema, path, faults);
            case JsonValueKind.Number when schema.Expected is null || CheckPattern(value.ToJsonString(), schema):
                return true;
            default:
                return Wrong(value, schema.Expected ?? "a whole number or a string", path, faults);
        }
    }

    private static bool CheckText(string text, SchemaNode schema, string path, FaultList faults)
    {
        if (schema.Enum.Count > 0 && !schema.Enum.Contains(text))
        {
            faults.Add(path, $"must be one of {string.Join(", ", schema.Enum)}, not {Quote(text)}");
            return false;
        }

        if (text.Length < schema.MinLength)
        {
            faults.Add(path, text.Length == 0 ? "must not be empty" : $"must have at least {schema.MinLength} characters");
            return false;
        }

        if (text.Length > schema.MaxLength)
        {
            faults.Add(path, $"has {text.Length} characters; at most {schema.MaxLength} are allowed");
            return false;
        }

        if (!CheckPattern(text, schema))
        {
            faults.Add(path, $"must be {schema.Expected ?? "text that matches " + schema.Pattern}, not {Quote(text)}");
            return false;
        }

        if (schema.Format == "date-time" && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _))
        {
            faults.Add(path, $"must be a time as in RFC 3339, such as 2027-01-31T18:00:00Z, not {Quote(text)}");
            return false;
        }

        if (schema.TextCheck?.Invoke(text) is { } message)
        {
            faults.Add(path, $"{message}, not {Quote(text)}");
            return false;
        }

        return true;
    }

    private static bool CheckPattern(string text, SchemaNode schema)
    {
        if (schema.Pattern is null)
        {
            return true;
        }

        // In .NET a closing $ also matches before a final line feed; in the server's expressions it does not.
        var regex = Patterns.GetOrAdd(schema.Pattern, p => new Regex(
            p.EndsWith('$') ? p[..^1] + "\\z" : p, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking));
        return regex.IsMatch(text);
    }

    private static bool Wrong(JsonNode? value, string expected, string path, FaultList faults)
    {
        faults.Add(path, $"must be {expected}, not {Shown(value)}");
        return false;
    }

    private static string Unknown(string name, SchemaNode schema)
    {
        var near = schema.Properties.Select(p => p.Key).FirstOrDefault(k => string.Equals(k, name, StringComparison.OrdinalIgnoreCase));
        return near is null
            ? $"is not a field; the fields here are {string.Join(", ", schema.Properties.Select(p => p.Key).Order(StringComparer.Ordinal))}"
            : $"is not a field; write {near}";
    }

    private static string Range(double? low, double? high) => (low, high) switch
    {
        ({ } l, { } h) => string.Create(CultureInfo.InvariantCulture, $"between {l} and {h}"),
        ({ } l, null) => string.Create(CultureInfo.InvariantCulture, $"at least {l}"),
        (_, { } h) => string.Create(CultureInfo.InvariantCulture, $"at most {h}"),
        _ => "a number",
    };

    private static string Shown(JsonNode? value) => value?.GetValueKind() switch
    {
        null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => Quote(value.GetValue<string>()),
        _ => value.ToJsonString(),
    };

    private static string Quote(string text) => $"\"{(text.Length > MaxShownLength ? text[..MaxShownLength] + "…" : text)}\"";

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
