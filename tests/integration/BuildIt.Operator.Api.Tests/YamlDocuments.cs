using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;

namespace BuildIt.Operator.Api.Tests;

/// <summary>Files of YAML as JSON, numbers and booleans as such.</summary>
internal static class YamlDocuments
{
    private static readonly IDeserializer Yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();

    /// <summary>Every document of a file that is not empty.</summary>
    public static IReadOnlyList<JsonNode> Read(string file)
    {
        using var reader = new StreamReader(file);
        var parser = new Parser(reader);
        var documents = new List<JsonNode>();
        parser.Consume<StreamStart>();
        while (parser.Accept<DocumentStart>(out _))
        {
            if (JsonSerializer.SerializeToNode(Yaml.Deserialize<object?>(parser)) is { } document)
            {
                documents.Add(document);
            }
        }

        return documents;
    }
}
