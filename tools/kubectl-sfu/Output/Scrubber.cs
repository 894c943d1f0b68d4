using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace BuildIt.KubectlSfu.Output;

/// <summary>Takes out of texts what must not leave the house: addresses, host names with ports, tokens, keys, keyed hashes of people.</summary>
internal static partial class Scrubber
{
    private static readonly HashSet<string> PrivateMembers = new(StringComparer.OrdinalIgnoreCase)
    {
        // Who and what for.
        "displayName", "createdBy",

        // Where.
        "endpoint", "addresses", "host", "hosts", "signalHost", "podIP", "podIPs", "hostIP", "hostIPs", "clusterIP", "clusterIPs", "externalIPs", "loadBalancerIP",

        // Anything that was put there by others, or may hold secrets.
        "managedFields", "data", "stringData", "env", "labels", "annotations",
    };

    /// <summary>A text without any of it.</summary>
    public static string Text(string text)
    {
        foreach (var (pattern, word) in (ReadOnlySpan<(Regex, string)>)
        [
            (Token(), "[token]"), (Nostr(), "[key]"), (Pem(), "[key]"), (Ipv6(), "[address]"), (Ipv4(), "[address]"), (HostAndPort(), "[address]"), (Url(), "[address]"), (Hexadecimal(), "[hash]"), (Base64(), "[key]"),
        ])
        {
            text = pattern.Replace(text, word);
        }

        return text;
    }

    /// <summary>A copy of JSON without members that hold any of it, and with all other texts scrubbed.</summary>
    public static JsonNode? Json(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Where(member => !PrivateMembers.Contains(member.Key)).Select(member => KeyValuePair.Create(member.Key, Json(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Json)]),
        JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Text(text)),
        null => null,
        _ => node.DeepClone(),
    };

    // JSON Web Tokens (RFC 7519): three parts in base64url, the first of which begins with {" in that coding.
    [GeneratedRegex(@"eyJ[A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*){1,4}")]
    private static partial Regex Token();

    // NIP-19.
    [GeneratedRegex(@"\b(npub|nsec|nprofile|note|nevent)1[02-9ac-hj-np-z]{20,}", RegexOptions.IgnoreCase)]
    private static partial Regex Nostr();

    [GeneratedRegex(@"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\z)", RegexOptions.Singleline)]
    private static partial Regex Pem();

    [GeneratedRegex(@"\b\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?\b")]
    private static partial Regex Ipv4();

    // At least two colons with hexadecimal between them, which a time of day has as well: that has two digits in each place.
    [GeneratedRegex(@"\[?(?<![\w:.])(?!\d{2}:\d{2}:\d{2}(?![\w:]))([0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(%\w+)?(?![\w:])\]?(:\d{1,5})?")]
    private static partial Regex Ipv6();

    [GeneratedRegex(@"\b[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)+:\d{2,5}\b")]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"\b(https?|wss?|turns?|stuns?|rediss?)://?[^\s""']+|\b(turns?|stuns?):[^\s""']+")]
    private static partial Regex Url();

    [GeneratedRegex(@"\b[0-9a-fA-F]{32,}\b")]
    private static partial Regex Hexadecimal();

    [GeneratedRegex(@"(?<![A-Za-z0-9+/=_-])(?=[A-Za-z0-9+/]*[A-Z])(?=[A-Za-z0-9+/]*[a-z])(?=[A-Za-z0-9+/]*[0-9])[A-Za-z0-9+/]{32,}={0,2}(?![A-Za-z0-9+/=])")]
    private static partial Regex Base64();
}
