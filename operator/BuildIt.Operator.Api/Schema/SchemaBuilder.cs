using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using BuildIt.Operator.Api.Units;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Api.Schema;

/// <summary>
/// Makes the structural schema of a kind by reflection. Initial values of the properties are the defaults, so that code
/// and server cannot disagree about them. Safe to call from any thread; results are kept.
/// </summary>
public static class SchemaBuilder
{
    private static readonly ConcurrentDictionary<Type, SchemaNode> Roots = new();

    /// <summary>The schema of a whole resource: apiVersion, kind, metadata, spec and status.</summary>
    public static SchemaNode For(Type resource) => Roots.GetOrAdd(resource, BuildRoot);

    private static SchemaNode BuildRoot(Type resource)
    {
        var spec = resource.GetProperty("Spec") ?? throw new InvalidOperationException($"{resource} has no Spec");
        var status = resource.GetProperty("Status") ?? throw new InvalidOperationException($"{resource} has no Status");
        return new SchemaNode
        {
            Type = "object",
            Description = resource.GetCustomAttribute<DescriptionAttribute>()?.Description,
            Required = ["spec"],
            Properties =
            [
                new("apiVersion", new SchemaNode { Type = "string", Description = "Version of the schema of this object." }),
                new("kind", new SchemaNode { Type = "string", Description = "Kind of this object." }),
                new("metadata", new SchemaNode { Type = "object" }),
                new("spec", BuildProperty(spec, Activator.CreateInstance(spec.PropertyType), true, true)),
                new("status", BuildProperty(status, null, false, true)),
            ],
        };
    }

    /// <summary>The JSON name of a property.</summary>
    public static string NameOf(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static SchemaNode BuildProperty(PropertyInfo property, object? value, bool withDefaults, bool ours)
    {
        var required = property.IsDefined(typeof(RequiredAttribute));
        var node = BuildType(property.PropertyType, value, withDefaults) with
        {
            Description = property.GetCustomAttribute<DescriptionAttribute>()?.Description,
        };
        if (ours && node.Description is null)
        {
            throw new InvalidOperationException($"{property.DeclaringType}.{property.Name} has no description");
        }

        node = SchemaConstraints.Apply(node, property);
        return withDefaults && ours && !required && DefaultOf(value, node) is { } @default ? node with { Default = @default } : node;
    }

    private static JsonNode? DefaultOf(object? value, SchemaNode node) => value switch
    {
        null => null,
        string { Length: 0 } => null,
        IDictionary { Count: 0 } => null,
        IDictionary => JsonSerializer.SerializeToNode(value, ApiJson.Options),
        ICollection { Count: 0 } => null,
        _ when node.Type == "object" => node.Rules.Count > 0 ? node.WholeDefault() : new JsonObject(),
        _ => JsonSerializer.SerializeToNode(value, ApiJson.Options),
    };

    private static SchemaNode BuildType(Type type, object? value, bool withDefaults)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (SchemaScalars.TryGet(type, out var scalar))
        {
            return scalar;
        }

        if (type.IsEnum)
        {
            return new SchemaNode
            {
                Type = "string",
                Enum = [.. Enum.GetValuesAsUnderlyingType(type).Cast<object>().Select(v => JsonSerializer.SerializeToNode(Enum.ToObject(type, v), type, ApiJson.Options)!.GetValue<string>())],
            };
        }

        if (MapValueOf(type) is { } mapValue)
        {
            return new SchemaNode { Type = "object", AdditionalProperties = BuildType(mapValue, null, withDefaults) };
        }

        if (ItemOf(type) is { } item)
        {
            return new SchemaNode { Type = "array", Items = BuildType(item, null, withDefaults) };
        }

        return BuildObject(type, value, withDefaults);
    }

    private static SchemaNode BuildObject(Type type, object? value, bool withDefaults)
    {
        var ours = type.Assembly == typeof(SchemaBuilder).Assembly;
        var instance = ours ? value ?? Activator.CreateInstance(type) : null;
        var properties = new List<KeyValuePair<string, SchemaNode>>();
        var required = new List<string>(ForeignRequirements.Of(type));
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (!property.CanWrite || property.IsDefined(typeof(JsonIgnoreAttribute)))
            {
                continue;
            }

            var name = NameOf(property);
            properties.Add(new(name, BuildProperty(property, instance is null ? null : property.GetValue(instance), withDefaults, ours)));
            if (property.IsDefined(typeof(RequiredAttribute)))
            {
                required.Add(name);
            }
        }

        return new SchemaNode
        {
            Type = "object",
            Properties = properties,
            Required = required,
            Rules = [.. type.GetCustomAttributes<CelRuleAttribute>().Select(r => new CelRule(r.Rule, r.Message))],
        };
    }

    private static Type? MapValueOf(Type type) => GenericArgumentOf(type, typeof(IDictionary<,>), 1);

    private static Type? ItemOf(Type type) => type == typeof(string) ? null : GenericArgumentOf(type, typeof(IEnumerable<>), 0);

    private static Type? GenericArgumentOf(Type type, Type definition, int index) => type
        .GetInterfaces()
        .Prepend(type)
        .FirstOrDefault(i => i.IsGenericType && i.GetGenericTypeDefinition() == definition)?
        .GetGenericArguments()[index];
}
