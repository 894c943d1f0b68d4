using System.Diagnostics.CodeAnalysis;
using BuildIt.Operator.Api.Units;
using k8s.Models;

namespace BuildIt.Operator.Api.Schema;

/// <summary>Schemas of the types that stand for one JSON value.</summary>
internal static class SchemaScalars
{
    /// <summary>As apimachinery's resource.Quantity accepts it.</summary>
    private const string QuantityPattern = "^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$";

    private static readonly Dictionary<Type, SchemaNode> Scalars = new()
    {
        [typeof(string)] = new() { Type = "string" },
        [typeof(bool)] = new() { Type = "boolean" },
        [typeof(int)] = new() { Type = "integer", Format = "int32" },
        [typeof(long)] = new() { Type = "integer", Format = "int64" },
        [typeof(double)] = new() { Type = "number", Format = "double" },
        [typeof(DateTime)] = new() { Type = "string", Format = "date-time" },
        [typeof(byte[])] = new() { Type = "string", Format = "byte" },
        [typeof(IntOrString)] = new() { IntOrString = true },
        [typeof(ResourceQuantity)] = new()
        {
            IntOrString = true,
            Pattern = QuantityPattern,
            Expected = "a quantity, such as 2, 500m or 4Gi",
        },
        [typeof(KubeDuration)] = new()
        {
            Type = "string",
            Pattern = KubeDuration.Pattern,
            MaxLength = 64,
            Expected = "a duration with a unit of ms, s, m or h, such as 30s or 1h30m",
        },
        [typeof(Bandwidth)] = new()
        {
            Type = "string",
            Pattern = Bandwidth.Pattern,
            MaxLength = 32,
            Expected = "a rate in bits per second with a unit of bps, kbps, Mbps, Gbps or Tbps, such as 500Mbps",
        },
        [typeof(CountOrPercent)] = new()
        {
            IntOrString = true,
            Pattern = CountOrPercent.Pattern,
            Expected = "a number of pods such as 2, or a share such as \"25%\"",
        },
        [typeof(object)] = new() { PreserveUnknownFields = true },
    };

    public static bool TryGet(Type type, [NotNullWhen(true)] out SchemaNode? node) => Scalars.TryGetValue(type, out node);
}
