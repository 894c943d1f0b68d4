using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf.Reflection;

namespace BuildIt.Sfu.Signaling.Protocol;

/// <summary>
/// Bytes fields of the JSON form. ProtoJSON takes standard and URL-safe base64, with and without padding (RFC 4648 sections 4 and 5);
/// the library takes only the first with padding, so that text is rewritten before it is given to it.
/// </summary>
internal static class JsonBytes
{
    private static readonly ConcurrentDictionary<MessageDescriptor, bool> Known = new();

    /// <summary>The same message with all bytes in standard base64. Gives back what it got where there is nothing to change.</summary>
    /// <exception cref="JsonException">The text is no JSON.</exception>
    public static string Normalise(string json, MessageDescriptor message, int maxDepth)
    {
        if (!HasBytes(message) || JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { MaxDepth = maxDepth }) is not JsonObject root)
        {
            return json;
        }

        Rewrite(root, message);
        return root.ToJsonString();
    }

    private static void Rewrite(JsonObject members, MessageDescriptor message)
    {
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            if (field.FieldType is not (FieldType.Bytes or FieldType.Message) || field.IsMap)
            {
                continue;
            }

            foreach (var name in (string[])[field.JsonName, field.Name])
            {
                if (members[name] is { } value && Changed(value, field) is { } changed)
                {
                    members[name] = changed;
                }
            }
        }
    }

    private static JsonNode? Changed(JsonNode value, FieldDescriptor field)
    {
        switch (value)
        {
            case JsonArray items when field.IsRepeated:
                for (var i = 0; i < items.Count; i++)
                {
                    if (items[i] is { } item && Changed(item, field) is { } changed)
                    {
                        items[i] = changed;
                    }
                }

                return null;
            case JsonObject nested when field.FieldType == FieldType.Message:
                Rewrite(nested, field.MessageType);
                return null;
            case JsonValue text when field.FieldType == FieldType.Bytes && text.GetValueKind() == JsonValueKind.String:
                return Standard(text.GetValue<string>());
            default:
                return null;
        }
    }

    private static string Standard(string text)
    {
        var standard = text.Replace('-', '+').Replace('_', '/').TrimEnd('=');
        return standard.PadRight((standard.Length + 3) / 4 * 4, '=');
    }

    private static bool HasBytes(MessageDescriptor message) => Known.GetOrAdd(message, static found => Holds(found, []));

    private static bool Holds(MessageDescriptor message, HashSet<MessageDescriptor> seen) =>
        seen.Add(message) && message.Fields.InDeclarationOrder().Any(field =>
            field.FieldType == FieldType.Bytes || (field.FieldType == FieldType.Message && Holds(field.MessageType, seen)));
}
