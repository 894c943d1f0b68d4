using System.Text.Json;
using BuildIt.Sfu.Signaling.Protocol;

namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>Claims as JSON (RFC 7519 section 4, and LiveKit's private claims).</summary>
internal static class ClaimsJson
{
    private static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = 16 };

    private static readonly JsonSerializerOptions GrantOptions = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingDefault,
        MaxDepth = 16,
    };

    public static bool TryRead(ReadOnlyMemory<byte> payload, out AccessClaims claims, out Validity validity)
    {
        claims = new AccessClaims();
        validity = default;
        try
        {
            using var document = JsonDocument.Parse(payload, ReadOptions);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !TryReadValidity(root, out validity))
            {
                return false;
            }

            var issuedAt = NumericDate(root, "iat") ?? validity.NotBefore;
            claims = new AccessClaims
            {
                Issuer = Text(root, "iss"),
                Identity = Text(root, "sub") is { Length: > 0 } subject ? subject : Text(root, "jti"),
                IssuedAt = issuedAt,
                Name = Text(root, "name"),
                Kind = Text(root, "kind"),
                KindDetails = Strings(root, "kindDetails"),
                Metadata = Text(root, "metadata"),
                Attributes = Map(root, "attributes"),
                Sha256 = Text(root, "sha256"),
                RoomPreset = Text(root, "roomPreset"),
                Traceparent = Text(root, "traceparent"),
                RoomConfig = Object(root, "roomConfig") is { } config && WireCodec.TryParseJson<RoomConfiguration>(config.GetRawText(), out var parsed)
                    ? parsed
                    : null,
                Video = Object(root, "video")?.Deserialize<VideoGrant>(GrantOptions) ?? new VideoGrant(),
            };

            // An explicit null in the grant would undo the property's default.
            claims = claims with
            {
                Video = claims.Video with
                {
                    Room = claims.Video.Room ?? "",
                    DestinationRoom = claims.Video.DestinationRoom ?? "",
                    CanPublishSources = [.. (claims.Video.CanPublishSources ?? []).Where(s => s is not null)],
                },
            };
            return true;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            return false;
        }
    }

    public static byte[] Write(AccessClaims claims, DateTimeOffset notBefore, DateTimeOffset expires)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteText(json, "iss", claims.Issuer);
            WriteText(json, "sub", claims.Identity);

            // To the millisecond, so that a token is on one side of a revocation or the other.
            json.WriteNumber("iat", (claims.IssuedAt ?? notBefore).ToUnixTimeMilliseconds() / 1000m);
            json.WriteNumber("nbf", notBefore.ToUnixTimeSeconds());
            json.WriteNumber("exp", expires.ToUnixTimeSeconds());
            WriteText(json, "name", claims.Name);
            WriteText(json, "kind", claims.Kind);
            WriteText(json, "metadata", claims.Metadata);
            WriteText(json, "sha256", claims.Sha256);
            WriteText(json, "roomPreset", claims.RoomPreset);
            if (claims.KindDetails.Count > 0)
            {
                json.WritePropertyName("kindDetails");
                JsonSerializer.Serialize(json, claims.KindDetails);
            }

            if (claims.Attributes.Count > 0)
            {
                json.WritePropertyName("attributes");
                JsonSerializer.Serialize(json, claims.Attributes);
            }

            if (claims.RoomConfig is { } config)
            {
                json.WritePropertyName("roomConfig");
                json.WriteRawValue(WireCodec.Format(config));
            }

            if (claims.Video != new VideoGrant())
            {
                json.WritePropertyName("video");
                JsonSerializer.Serialize(json, claims.Video, GrantOptions);
            }

            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static bool TryReadValidity(JsonElement root, out Validity validity)
    {
        validity = default;
        if (NumericDate(root, "exp") is not { } expires)
        {
            return false;
        }

        validity = new Validity(NumericDate(root, "nbf"), expires);
        return true;
    }

    /// <summary>Seconds since 1970, possibly with a fraction (RFC 7519 section 2); far dates are held at the calendar's end.</summary>
    private static DateTimeOffset? NumericDate(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(Math.Clamp(value.GetDouble(), 0, 253_402_300_799) * 1000))
            : null;

    private static string Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetString() ?? "" : "";

    private static JsonElement? Object(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string[] Strings(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(e => e.GetString() ?? "")]
            : [];

    private static Dictionary<string, string> Map(JsonElement root, string name)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Object(root, name) is { } value)
        {
            foreach (var property in value.EnumerateObject())
            {
                map[property.Name] = property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : property.Value.GetRawText();
            }
        }

        return map;
    }

    private static void WriteText(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
        {
            json.WriteString(name, value);
        }
    }

    internal readonly record struct Validity(DateTimeOffset? NotBefore, DateTimeOffset Expires);
}
