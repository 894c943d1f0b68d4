using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Operator.Api.Schema;
using k8s;
using YamlDotNet.Serialization;

namespace BuildIt.Operator.Resources.Tests;

/// <summary>Reads and writes resources as people do.</summary>
internal static class Yaml
{
    private static readonly IDeserializer Reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();

    private static readonly ISerializer Writer = new SerializerBuilder().WithQuotingNecessaryStrings().WithIndentedSequences().Build();

    public static T Read<T>(string text) =>
        JsonSerializer.Deserialize<T>(JsonSerializer.Serialize(Reader.Deserialize<object>(text)), ApiJson.Options)!;

    public static string Write(object resource) => Writer.Serialize(Plain(JsonNode.Parse(KubernetesJson.Serialize(resource)))!);

    private static object? Plain(JsonNode? node) => node switch
    {
        null => null,
        JsonObject members => members.Where(member => member.Value is not null).ToDictionary(member => member.Key, member => Plain(member.Value)),
        JsonArray items => items.Select(Plain).ToList(),
        JsonValue value when value.GetValueKind() is JsonValueKind.String => value.GetValue<string>(),
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        _ => node.AsValue().TryGetValue<long>(out var whole) ? whole : node.GetValue<double>(),
    };
}
