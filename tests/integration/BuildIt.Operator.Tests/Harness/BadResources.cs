using System.Text.Json;
using System.Text.Json.Nodes;
using BuildIt.Testing;
using YamlDotNet.Serialization;

namespace BuildIt.Operator.Tests.Harness;

/// <summary>The table of bad resources that the validators are tested with.</summary>
internal static class BadResources
{
    /// <summary>Every file, read anew.</summary>
    public static IEnumerable<(string File, JsonObject Resource)> Read()
    {
        foreach (var file in Directory.GetFiles(RepositoryRoot.Path("tests", "integration", "BuildIt.Operator.Api.Tests", "Validation", "bad"), "*.yaml").Order(StringComparer.Ordinal))
        {
            var yaml = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build().Deserialize<object>(File.ReadAllText(file));
            if (JsonSerializer.SerializeToNode(Plain(yaml)) is JsonObject resource)
            {
                yield return (file, resource);
            }
        }
    }

    // JSON has no keys but strings.
    private static object? Plain(object? value) => value switch
    {
        IDictionary<object, object> map => map.ToDictionary(pair => $"{pair.Key}", pair => Plain(pair.Value)),
        IList<object> list => list.Select(Plain).ToList(),
        _ => value,
    };
}
