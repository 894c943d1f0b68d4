using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace BuildIt.RoomApi.Http;

/// <summary>
/// Reads request bodies and says everything that is wrong with them: unknown fields are refused, because a caller who
/// misspells <c>locked</c> must not believe that the room is.
/// </summary>
public static class StrictJson
{
    private const int MaxFaults = 10;

    /// <summary>How the API writes and reads JSON.</summary>
    public static JsonSerializerOptions Options { get; } = Make();

    /// <summary>Reads a body. An empty one is an empty object.</summary>
    /// <exception cref="ApiProblem">It is not JSON, or not the JSON that is expected.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> body)
        where T : class, new()
    {
        if (body.IsEmpty)
        {
            return new T();
        }

        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            var faults = new List<string>();
            Check(document.RootElement, Options.GetTypeInfo(typeof(T)), string.Empty, faults);
            return faults.Count == 0 ? document.RootElement.Deserialize<T>(Options) ?? new T() : throw ApiProblem.BadRequest(string.Join(' ', faults));
        }
        catch (JsonException e) when (e is { InnerException: InvalidOperationException, Path: ['$', '.', .. var field] })
        {
            throw ApiProblem.BadRequest($"Field '{field}' holds text that is not valid Unicode.");
        }
        catch (JsonException e)
        {
            throw ApiProblem.BadRequest(e.Path is { Length: > 2 } path
                ? $"Field '{path[2..]}' does not have a value of the right type."
                : "The body is not valid JSON: send one object in UTF-8, without comments and without a field given twice.");
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException)
        {
            // A lone surrogate in a string.
            throw ApiProblem.BadRequest("The body holds text that is not valid Unicode.");
        }
    }

    private static void Check(JsonElement element, JsonTypeInfo type, string path, List<string> faults)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add(path.Length == 0 ? "The body must be a JSON object." : $"Field '{path}' must be an object.");
            return;
        }

        foreach (var property in element.EnumerateObject())
        {
            if (faults.Count == MaxFaults)
            {
                return;
            }

            var name = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (type.Properties.FirstOrDefault(known => known.Name == property.Name) is not { } known)
            {
                faults.Add($"Unknown field '{Shorten(name)}'; known here: {string.Join(", ", type.Properties.Select(field => field.Name))}.");
            }
            else if (property.Value.ValueKind == JsonValueKind.Null)
            {
                faults.Add($"Field '{name}' is null: leave it out instead.");
            }
            else
            {
                CheckValue(property.Value, known.PropertyType, name, faults);
            }
        }
    }

    private static void CheckValue(JsonElement value, Type type, string name, List<string> faults)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain.IsEnum)
        {
            var allowed = Enum.GetNames(plain).Select(JsonNamingPolicy.CamelCase.ConvertName).ToList();
            if (value.ValueKind != JsonValueKind.String || !allowed.Contains(value.GetString()!))
            {
                faults.Add($"Field '{name}' must be one of {string.Join(", ", allowed)}.");
            }

            return;
        }

        var fault = plain switch
        {
            _ when plain == typeof(string) && value.ValueKind != JsonValueKind.String => "a string",
            _ when plain == typeof(bool) && value.ValueKind is not (JsonValueKind.True or JsonValueKind.False) => "true or false",
            _ when plain == typeof(int) && !(value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _)) => "a whole number of at most 2147483647",
            _ when plain == typeof(long) && !(value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _)) => "a whole number",
            _ when plain == typeof(byte[]) && !IsBase64(value) => "bytes in base64 (RFC 4648 section 4)",
            _ when typeof(IReadOnlyList<JsonElement>) == plain && value.ValueKind != JsonValueKind.Array => "a list",
            _ when typeof(IReadOnlyList<string>) == plain && !IsStrings(value) => "a list of strings",
            _ => null,
        };
        if (fault is not null)
        {
            faults.Add($"Field '{name}' must be {fault}.");
        }
        else
        {
            Check(value, Options.GetTypeInfo(plain), name, faults);
        }
    }

    private static bool IsStrings(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String);

    private static bool IsBase64(JsonElement value) => value.ValueKind == JsonValueKind.String && value.TryGetBytesFromBase64(out _);

    private static string Shorten(string name) => name.Length <= 64 ? name : name[..64] + "…";

    private static JsonSerializerOptions Make()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            PropertyNameCaseInsensitive = false,
            NumberHandling = JsonNumberHandling.Strict,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            MaxDepth = 8,
        };
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
