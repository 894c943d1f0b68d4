using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using YamlDotNet.Serialization;

namespace BuildIt.KubectlSfu.Output;

/// <summary>Where answers go.</summary>
/// <param name="output">Answers.</param>
/// <param name="errors">Everything else.</param>
/// <param name="format">How they are written.</param>
/// <param name="colour">Whether text may be coloured: only where a person looks at it.</param>
internal sealed class Terminal(TextWriter output, TextWriter errors, OutputFormat format, bool colour)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    public TextWriter Output => output;

    /// <summary>Whether text may be coloured.</summary>
    public bool Colour => colour;

    /// <summary>Writes an answer: the value itself, or for people what the function makes of it.</summary>
    public void Print<T>(T value, Action<TextWriter> text)
    {
        switch (format)
        {
            case OutputFormat.Json:
                output.WriteLine(JsonSerializer.Serialize(value, Json));
                break;
            case OutputFormat.Yaml:
                output.Write(new SerializerBuilder().Build().Serialize(Plain(JsonSerializer.SerializeToNode(value, Json))!));
                break;
            default:
                text(output);
                break;
        }
    }

    /// <summary>Says something beside the answer.</summary>
    public void Note(string text) => errors.WriteLine(text);

    private static object? Plain(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(member => member.Key, member => Plain(member.Value)),
        JsonArray list => list.Select(Plain).ToList(),
        JsonValue value when value.TryGetValue<bool>(out var truth) => truth,
        JsonValue value when value.TryGetValue<long>(out var number) => number,
        JsonValue value when value.TryGetValue<double>(out var number) => number,
        JsonValue value => value.ToString(),
        _ => null,
    };
}
