using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;

namespace BuildIt.Operator.CrdGen;

/// <summary>Writes a schema as apiextensions.k8s.io/v1 JSONSchemaProps.</summary>
internal static class SchemaDocument
{
    public static Map Build(SchemaNode node, bool withRules)
    {
        var map = new Map();
        Put(map, "description", node.Description);
        Put(map, "type", node.Type);
        Put(map, "format", node.Format);
        if (node.IntOrString)
        {
            map["anyOf"] = new List<object> { new Map { ["type"] = "integer" }, new Map { ["type"] = "string" } };
            map["x-kubernetes-int-or-string"] = true;
        }

        if (node.PreserveUnknownFields)
        {
            map["x-kubernetes-preserve-unknown-fields"] = true;
        }

        if (node.OnlyTrue)
        {
            map["enum"] = new List<object> { true };
        }
        else if (node.Enum.Count > 0)
        {
            map["enum"] = node.Enum.ToList<object>();
        }

        Put(map, "default", node.Default is null ? null : Plain(node.Default));
        Put(map, "pattern", node.Pattern);
        Put(map, "minLength", node.MinLength);
        Put(map, "maxLength", node.MaxLength);
        Put(map, "minimum", node.Minimum);
        Put(map, "maximum", node.Maximum);
        if (node.Type == "array")
        {
            Put(map, "minItems", node.MinItems);
            Put(map, "maxItems", node.MaxItems);
        }
        else
        {
            Put(map, "maxProperties", node.MaxItems);
        }

        Put(map, "x-kubernetes-list-type", node.ListType);
        if (node.ListMapKeys.Count > 0)
        {
            map["x-kubernetes-list-map-keys"] = node.ListMapKeys.ToList<object>();
        }

        if (node.Required.Count > 0)
        {
            map["required"] = node.Required.Order(StringComparer.Ordinal).ToList<object>();
        }

        if (withRules && node.Rules.Count > 0)
        {
            map["x-kubernetes-validations"] = node.Rules
                .Select(r => new Map { ["rule"] = r.Rule, ["message"] = r.Message }).ToList<object>();
        }

        if (node.Properties.Count > 0)
        {
            var properties = new Map();
            foreach (var (name, property) in node.Properties)
            {
                properties[name] = Build(property, withRules);
            }

            map["properties"] = properties;
        }

        if (node.Items is not null)
        {
            map["items"] = Build(node.Items, withRules);
        }

        if (node.AdditionalProperties is not null)
        {
            map["additionalProperties"] = Build(node.AdditionalProperties, withRules);
        }

        return map;
    }

    private static void Put(Map map, string key, object? value)
    {
        if (value is double number)
        {
            // A whole bound reads better, and prints the same on every platform, as an integer.
            value = number == Math.Truncate(number) && Math.Abs(number) < 1e15 ? (long)number : number;
        }

        if (value is not null)
        {
            map[key] = value;
        }
    }

    private static object Plain(JsonNode node)
    {
        switch (node)
        {
            case JsonObject members:
                var map = new Map();
                foreach (var (name, value) in members)
                {
                    map[name] = Plain(value!);
                }

                return map;
            case JsonArray items:
                return items.Select(i => Plain(i!)).ToList();
            default:
                return node.GetValueKind() switch
                {
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.Number => long.TryParse(node.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                        ? whole
                        : double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture),
                    _ => node.GetValue<string>(),
                };
        }
    }
}
