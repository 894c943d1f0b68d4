using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>
/// The name of one sfu-node instance: the name of its pod. Names are never used twice, so a name also fences:
/// whoever comes later has another one.
/// </summary>
[JsonConverter(typeof(NodeIdJsonConverter))]
public readonly record struct NodeId(string Value) : IComparable<NodeId>
{
    /// <summary>The longest name accepted from outside: the limit of a Kubernetes object name.</summary>
    public const int MaxLength = 253;

    public bool IsEmpty => string.IsNullOrEmpty(Value);

    public int CompareTo(NodeId other) => string.CompareOrdinal(Value, other.Value);

    public override string ToString() => Value ?? string.Empty;
}

/// <summary>Writes a <see cref="NodeId"/> as a plain string and refuses one that is too long.</summary>
public sealed class NodeIdJsonConverter : JsonConverter<NodeId>
{
    public override NodeId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(IdText.Read(ref reader, NodeId.MaxLength));

    public override void Write(Utf8JsonWriter writer, NodeId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
