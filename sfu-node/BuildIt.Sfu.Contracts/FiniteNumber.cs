using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Sfu.Contracts;

/// <summary>
/// Numbers as JSON has them. Its grammar has no infinity, but a literal such as 1e999 is read as one, which could not be written
/// again and would spoil every sum it goes into.
/// </summary>
internal sealed class FiniteNumber : JsonConverter<double>
{
    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Number && reader.GetDouble() is var value && double.IsFinite(value)
            ? value
            : throw new JsonException("a finite number is expected");

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
