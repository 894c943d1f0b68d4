using System.Text.Json;

namespace BuildIt.Sfu.Contracts;

/// <summary>Reads identifiers out of JSON within their bounds.</summary>
internal static class IdText
{
    public static string Read(ref Utf8JsonReader reader, int maxLength)
    {
        if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { Length: > 0 } text || text.Length > maxLength)
        {
            throw new JsonException($"an identifier is a string of 1 to {maxLength} characters");
        }

        return text;
    }
}
