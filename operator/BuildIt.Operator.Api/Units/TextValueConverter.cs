using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BuildIt.Operator.Api.Units;

/// <summary>Reads a text value from any JSON token without failing, and writes it as the string it was.</summary>
public class TextValueConverter<T> : JsonConverter<T>
    where T : struct, ITextValue<T>
{
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return T.Parse(reader.GetString());
            case JsonTokenType.Number:
                return T.Parse(reader.TryGetInt64(out var whole)
                    ? whole.ToString(CultureInfo.InvariantCulture)
                    : reader.GetDouble().ToString(CultureInfo.InvariantCulture));
            case JsonTokenType.True:
                return T.Parse("true");
            case JsonTokenType.False:
                return T.Parse("false");
            default:
                using (var document = JsonDocument.ParseValue(ref reader))
                {
                    return T.Parse(document.RootElement.GetRawText());
                }
        }
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Text);
}
