using System.Text;
using BuildIt.RoomApi.Nostr;
using BuildIt.Sfu.Fuzz.Engine;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>Signed events of HTTP authentication (NIP-98): the JSON, and the header that carries it.</summary>
internal sealed class NostrTarget : IFuzzTarget
{
    private const string Url = "https://rooms.example/api/v1/rooms";

    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_800_000_000);

    public string Name => "nostr";

    public int MaxLength => 700;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var hex = string.Concat(Enumerable.Repeat("ab", 32));
            var json = Encoding.UTF8.GetBytes(
                $$"""{"id":"{{hex}}","pubkey":"{{hex}}","created_at":1800000000,"kind":27235,"tags":[["u","{{Url}}"],["method","POST"]],"content":"","sig":"{{hex}}{{hex}}"}""");
            yield return [0, .. json];
            yield return [1, .. Encoding.ASCII.GetBytes("Nostr " + Convert.ToBase64String(json))];
            yield return [0, .. Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json).Replace("\"content\":\"\"", "\"content\":\"\\ud83d\\ude00\\n\\u0001\"", StringComparison.Ordinal))];
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "\"id\":", "\"tags\":[[", "[\"payload\",\"", "\\ud800", "\"kind\":2147483648", "1e5", "-0", "9223372036854775808", "null", "[[]]", "\"sig\":\"" }.Select(Encoding.ASCII.GetBytes)];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        if ((input[0] & 1) != 0)
        {
            var fault = HttpAuth.Verify(Encoding.Latin1.GetString(input[1..]), "POST", Url, default, Now, out var caller);
            Property.Holds(fault is not null && caller is null, "no event is authentic without a key");
            return;
        }

        if (!NostrEvent.TryRead(input[1..].ToArray(), out var signed))
        {
            Property.Holds(signed is null, "a refused event is none");
            return;
        }

        Property.Holds(signed is not null, "an accepted event is one");
        Property.Holds(signed.Id.Length == 32 && signed.PublicKey.Length == 32 && signed.Signature.Length == 64, "keys have their lengths");
        Property.Holds(signed.Tags.Count <= 32 && signed.Tags.All(t => t.Count is > 0 and <= 8 && t.All(f => f is not null)), "tags are limited");
        _ = signed.SingleTag("u");
        Property.Holds(!signed.IsAuthentic(), "no event is authentic without a key");
    }
}
