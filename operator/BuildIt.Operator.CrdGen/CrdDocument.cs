using System.Reflection;
using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Schema;
using k8s.Models;

namespace BuildIt.Operator.CrdGen;

/// <summary>Makes the CustomResourceDefinition of a kind as nested maps and lists, in the order in which it is written.</summary>
public static class CrdDocument
{
    /// <summary>The kinds of the product, in the order of their files.</summary>
    public static IReadOnlyList<Type> Kinds { get; } = [typeof(ConferenceRoom), typeof(RegionLink), typeof(SfuCluster)];

    /// <summary>The name of a kind's file.</summary>
    public static string FileName(Type kind) => $"{EntityOf(kind).Group}_{EntityOf(kind).PluralName}.yaml";

    /// <summary>The definition of a kind.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="withRules">
    /// With rules in the Common Expression Language. Servers before 1.25 do not know them, and kubectl and Helm refuse to
    /// send what a server does not know.
    /// </param>
    public static Map Build(Type kind, bool withRules)
    {
        var entity = EntityOf(kind);
        return new Map
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new Map
            {
                ["name"] = $"{entity.PluralName}.{entity.Group}",

                // Deleting a definition deletes every object of its kind; uninstalling a chart must not.
                ["annotations"] = new Map { ["helm.sh/resource-policy"] = "keep" },
            },
            ["spec"] = new Map
            {
                ["group"] = entity.Group,
                ["names"] = new Map
                {
                    ["kind"] = entity.Kind,
                    ["listKind"] = entity.Kind + "List",
                    ["plural"] = entity.PluralName,
                    ["singular"] = entity.Kind.ToLowerInvariant(),
                    ["shortNames"] = kind.GetCustomAttribute<ShortNamesAttribute>()!.Names.ToList<object>(),
                    ["categories"] = new List<object> { SfuApi.Category },
                },
                ["scope"] = "Namespaced",
                ["versions"] = new List<object> { Version(kind, entity, withRules) },
            },
        };
    }

    private static Map Version(Type kind, KubernetesEntityAttribute entity, bool withRules)
    {
        var subresources = new Map { ["status"] = new Map() };
        if (kind.GetCustomAttribute<ScaleSubresourceAttribute>() is { } scale)
        {
            subresources["scale"] = new Map
            {
                ["specReplicasPath"] = scale.SpecReplicasPath,
                ["statusReplicasPath"] = scale.StatusReplicasPath,
                ["labelSelectorPath"] = scale.LabelSelectorPath,
            };
        }

        return new Map
        {
            ["name"] = entity.ApiVersion,
            ["served"] = true,
            ["storage"] = true,
            ["additionalPrinterColumns"] = kind.GetCustomAttributes<PrinterColumnAttribute>().Select(Column).ToList<object>(),
            ["subresources"] = subresources,
            ["schema"] = new Map { ["openAPIV3Schema"] = SchemaDocument.Build(SchemaBuilder.For(kind), withRules) },
        };
    }

    private static Map Column(PrinterColumnAttribute column)
    {
        var map = new Map { ["name"] = column.Name, ["type"] = column.Type, ["jsonPath"] = column.JsonPath };
        if (column.Description is not null)
        {
            map["description"] = column.Description;
        }

        if (column.Priority > 0)
        {
            map["priority"] = column.Priority;
        }

        return map;
    }

    private static KubernetesEntityAttribute EntityOf(Type kind) => kind.GetCustomAttribute<KubernetesEntityAttribute>()!;
}

/// <summary>A YAML mapping that keeps its order.</summary>
public sealed class Map : OrderedDictionary<string, object>;
