using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BuildIt.RoomApi.Nostr;

/// <summary>
/// A signed Nostr event (NIP-01). Read by <see cref="TryRead"/>, which checks shape and sizes only;
/// <see cref="IsAuthentic"/> checks id and signature. Its author's key is never printed.
/// </summary>
public sealed class NostrEvent
{
    private const int MaxTags = 32;
    private const int MaxTagFields = 8;

    private NostrEvent(byte[] id, byte[] publicKey, long createdAt, int kind, IReadOnlyList<IReadOnlyList<string>> tags, string content, byte[] signature)
    {
        Id = id;
        PublicKey = publicKey;
        CreatedAt = createdAt;
        Kind = kind;
        Tags = tags;
        Content = content;
        Signature = signature;
    }

    public ReadOnlyMemory<byte> Id { get; }

    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Unix time in seconds.</summary>
    public long CreatedAt { get; }

    public int Kind { get; }

    public IReadOnlyList<IReadOnlyList<string>> Tags { get; }

    public string Content { get; }

    public ReadOnlyMemory<byte> Signature { get; }

    /// <summary>Reads an event from JSON. False for anything that is not one: it never throws for what the bytes hold.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> json, out NostrEvent? value)
    {
        value = null;
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 4 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || HasDuplicates(root)
                || !TryHex(root, "id", 32, out var id)
                || !TryHex(root, "pubkey", 32, out var key)
                || !TryHex(root, "sig", 64, out var signature)
                || !root.TryGetProperty("created_at", out var created) || !created.TryGetInt64(out var createdAt)
                || !root.TryGetProperty("kind", out var kindElement) || !kindElement.TryGetInt32(out var kind)
                || !root.TryGetProperty("content", out var content) || content.ValueKind != JsonValueKind.String
                || !TryTags(root, out var tags))
            {
                return false;
            }

            value = new NostrEvent(id, key, createdAt, kind, tags, content.GetString()!, signature);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Malformed JSON, a number where a string belongs, or a lone surrogate.
            return false;
        }
    }

    /// <summary>True when the id is the hash of the event's canonical form and the signature is the author's.</summary>
    public bool IsAuthentic() => ComputeId().AsSpan().SequenceEqual(Id.Span) && Schnorr.Verify(PublicKey.Span, Id.Span, Signature.Span);

    /// <summary>The only value of a tag; null when it is absent, given twice, or not exactly one value long.</summary>
    public string? SingleTag(string name)
    {
        var found = Tags.Where(tag => tag[0] == name).ToList();
        return found is [{ Count: 2 } only] ? only[1] : null;
    }

    public bool HasTag(string name) => Tags.Any(tag => tag[0] == name);

    public override string ToString() => $"NostrEvent(kind {Kind})";

    /// <summary>NIP-01: SHA-256 of the UTF-8 of <c>[0,pubkey,created_at,kind,tags,content]</c> without white space.</summary>
    private byte[] ComputeId()
    {
        var text = new StringBuilder("[0,\"").Append(Convert.ToHexStringLower(PublicKey.Span)).Append("\",");
        text.Append(CreatedAt.ToString(CultureInfo.InvariantCulture)).Append(',').Append(Kind.ToString(CultureInfo.InvariantCulture)).Append(",[");
        for (var i = 0; i < Tags.Count; i++)
        {
            text.Append(i == 0 ? "[" : ",[");
            for (var j = 0; j < Tags[i].Count; j++)
            {
                AppendString(text, Tags[i][j], first: j == 0);
            }

            text.Append(']');
        }

        text.Append(']');
        AppendString(text, Content, first: false);
        return SHA256.HashData(Encoding.UTF8.GetBytes(text.Append(']').ToString()));
    }

    /// <summary>NIP-01 escapes exactly these seven characters and leaves all others as they are.</summary>
    private static void AppendString(StringBuilder text, string value, bool first)
    {
        text.Append(first ? "\"" : ",\"");
        foreach (var c in value)
        {
            _ = c switch
            {
                '\n' => text.Append("\\n"),
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }

    private static bool HasDuplicates(JsonElement root)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return root.EnumerateObject().Any(property => !seen.Add(property.Name));
    }

    private static bool TryHex(JsonElement root, string name, int length, out byte[] bytes)
    {
        bytes = new byte[length];

        // NIP-01 wants lower case: another spelling of the same event must not count as a different one.
        return root.TryGetProperty(name, out var element)
            && element.ValueKind == JsonValueKind.String
            && element.GetString() is { } text
            && text.Length == length * 2
            && !text.AsSpan().ContainsAnyInRange('A', 'F')
            && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
    }

    private static bool TryTags(JsonElement root, out IReadOnlyList<IReadOnlyList<string>> tags)
    {
        var result = new List<IReadOnlyList<string>>();
        tags = result;
        if (!root.TryGetProperty("tags", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MaxTags)
        {
            return false;
        }

        foreach (var tag in list.EnumerateArray())
        {
            if (tag.ValueKind != JsonValueKind.Array || tag.GetArrayLength() is 0 or > MaxTagFields
                || tag.EnumerateArray().Any(field => field.ValueKind != JsonValueKind.String))
            {
                return false;
            }

            result.Add([.. tag.EnumerateArray().Select(field => field.GetString()!)]);
        }

        return true;
    }
}
