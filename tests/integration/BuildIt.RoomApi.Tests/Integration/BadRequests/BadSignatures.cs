using System.Text;

namespace BuildIt.RoomApi.Tests.Integration.BadRequests;

/// <summary>Requests whose signature (NIP-98) does not count.</summary>
internal static class BadSignatures
{
    private const int Minute = 60;

    public static readonly BadRequest[] Rows =
    [
        // The header.
        new("no Authorization header", 401, "not-authenticated", "Authorization header of the form", s => s.Create().Header((string?)null).Once()),
        new("another scheme", 401, "not-authenticated", "Authorization header of the form", s => s.Create().Header("Basic YTpi").Once()),
        new("a join token where a signature is asked for", 401, "not-authenticated", "Authorization header of the form", s => s.Create().Header($"Bearer {s.GuestToken}").Once()),
        new("the scheme alone", 401, "not-authenticated", "Authorization header of the form", s => s.Create().Header("Nostr").Once()),
        new("an event that is not base64", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Header("Nostr {\"kind\":27235}").Once()),
        new("an event in base64url", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Header("Nostr 8J-OpfCfjqU_").Once()),
        new("base64 of no JSON", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(_ => "hello").Once()),
        new("base64 of null", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(_ => "null").Once()),
        new("base64 of a list of events", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(json => $"[{json}]").Once()),
        new("an event cut short", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(json => json[..^20]).Once()),
        new("an event nested without end", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(_ => new string('[', 4000)).Once()),
        new("a header of nine kilobytes", 401, "not-authenticated", "too long", s => s.Create().Header("Nostr " + new string('A', 9000)).Once()),
        new("two events in one header", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Header(header => $"{header}, {header}").Once()),
        new("two Authorization headers", 401, "not-authenticated", "exactly one Authorization header", s => s.Create().Raw(headers: "Authorization: Nostr e30=\r\n")),

        // The event.
        new("an event without signature", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Event(e => e.Remove("sig")).Once()),
        new("an id that is a number", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Event(e => e["id"] = 7).Once()),
        new("an id that is null", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Event(e => e["id"] = null!).Once()),
        new("an id with one digit changed", 401, "not-authenticated", "id or signature is wrong", s => s.Create().Event(e => e["id"] = Changed(e["id"])).Once()),
        new("a signature with one digit changed", 401, "not-authenticated", "id or signature is wrong", s => s.Create().Event(e => e["sig"] = Changed(e["sig"])).Once()),
        new("a signature of zeros", 401, "not-authenticated", "id or signature is wrong", s => s.Create().Event(e => e["sig"] = new string('0', 128)).Once()),
        new("a signature in upper case", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Event(e => e["sig"] = new string('A', 128)).Once()),
        new("the key of somebody else", 401, "not-authenticated", "id or signature is wrong", s => s.Create().Event(e => e["pubkey"] = Convert.ToHexStringLower(s.Host.PublicKey)).Once()),
        new("a key that is no point of the curve", 401, "not-authenticated", "id or signature is wrong", s => s.Create().Event(e => e["pubkey"] = new string('f', 64)).Once()),
        new("a property given twice", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(json => json[..^1] + ",\"kind\":27235}").Once()),
        new("an event of kind 1", 401, "not-authenticated", "kind 27235", s => s.Create().Kind(1).Once()),
        new("an event with content", 401, "not-authenticated", "content must be empty", s => s.Create().Content("hello").Once()),
        new("half a character in a tag", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(json => json.Replace("\"nonce\"", "\"\\ud800\"", StringComparison.Ordinal)).Once()),
        new("more tags than anybody needs", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Tags([.. Enumerable.Repeat<string[]>(["t", "x"], 32)]).Once()),
        new("an empty tag", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Tags([]).Tags([[]]).Once()),
        new("a tag that holds a number", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Json(json => json.Replace("[\"nonce\",", "[7,", StringComparison.Ordinal)).Once()),

        // The time.
        new("a clock that is slow", 401, "not-authenticated", "check the clock", s => s.Create().At(TimeSpan.FromSeconds(-Minute - 5)).Once()),
        new("a clock that is fast", 401, "not-authenticated", "check the clock", s => s.Create().At(TimeSpan.FromSeconds(Minute + 5)).Once()),
        new("a time in milliseconds", 401, "not-authenticated", "check the clock", s => s.Create().Event(e => e["created_at"] = (long)e["created_at"] * 1000).Once()),
        new("a time before all time", 401, "not-authenticated", "check the clock", s => s.Create().Event(e => e["created_at"] = long.MinValue).Once()),
        new("a time with a fraction", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Event(e => e["created_at"] = 1.5).Once()),
        new("a time in quotes", 401, "not-authenticated", "base64 of a Nostr event", s => s.Create().Event(e => e["created_at"] = "1764000000").Once()),

        // What it was signed for.
        new("no u tag", 401, "not-authenticated", $"exactly one 'u' tag with the value {Replica.PublicUrl}/v1/rooms", s => s.Create().Tag("u", _ => null).Once()),
        new("two u tags", 401, "not-authenticated", "exactly one 'u' tag", s => s.Create().Tags(["u", $"{Replica.PublicUrl}/v1/rooms"]).Once()),
        new("a u tag with a third field", 401, "not-authenticated", "exactly one 'u' tag", s => s.Create().Tag("u", tag => [.. tag, "relay"]).Once()),
        new("the url of another room", 401, "not-authenticated", "'u' tag", s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room}").ForUrl($"{Replica.PublicUrl}/v1/rooms/{s.Other}").Once()),
        new("the url of another host, and headers that name it", 401, "not-authenticated", "'u' tag", s => s.Create().ForUrl("https://evil.example.com/v1/rooms")
            .With("X-Forwarded-Host", "evil.example.com").With("X-Forwarded-Proto", "https").With("Host", "evil.example.com").Once()),
        new("the url without TLS", 401, "not-authenticated", "'u' tag", s => s.Create().ForUrl("http://api.example.com/v1/rooms").Once()),
        new("the url with a slash more", 401, "not-authenticated", "'u' tag", s => s.Create().ForUrl($"{Replica.PublicUrl}/v1/rooms/").Once()),
        new("the url without its query", 401, "not-authenticated", "?limit=5", s => s.Ask(s.Host, "GET", "/v1/rooms?limit=5").ForUrl($"{Replica.PublicUrl}/v1/rooms").Once()),
        new("no method tag", 401, "not-authenticated", "exactly one 'method' tag with the value POST", s => s.Create().Tag("method", _ => null).Once()),
        new("two method tags", 401, "not-authenticated", "exactly one 'method' tag", s => s.Create().Tags(["method", "POST"]).Once()),
        new("another method", 401, "not-authenticated", "'method' tag with the value DELETE", s => s.Ask(s.Host, "DELETE", $"/v1/rooms/{s.Room}").ForMethod("GET").Once()),
        new("the method in lower case", 401, "not-authenticated", "'method' tag with the value POST", s => s.Create().ForMethod("post").Once()),
        new("no payload tag for a body", 401, "not-authenticated", "'payload' tag", s => s.Create().Tag("payload", _ => null).Once()),
        new("two payload tags", 401, "not-authenticated", "'payload' tag", s => s.Create().Tags(["payload", new string('0', 64)]).Once()),
        new("the payload of another body", 401, "not-authenticated", "'payload' tag", s => s.Create("""{"name":"mine"}""").ForBody("""{"name":"yours"}""").Once()),
        new("a payload in upper case", 401, "not-authenticated", "'payload' tag", s => s.Create().Tag("payload", tag => [tag[0], tag[1].ToUpperInvariant()]).Once()),
        new("a payload without a body", 401, "not-authenticated", "'payload' tag", s => s.Create(body: null).Tags(["payload", new string('0', 64)]).Once()),

        // Once only.
        new("a request sent again", 401, "not-authenticated", "used before", s => s.Ask(s.Guest, "GET", $"/v1/rooms/{s.Room}").Twice()),
        new("a request sent again to another replica", 401, "not-authenticated", "used before", s => s.Ask(s.Guest, "GET", $"/v1/rooms/{s.Room}").Twice(s.OtherReplica)),
        new("a request sent again, spelled otherwise", 401, "not-authenticated", "used before", s => s.Ask(s.Guest, "GET", $"/v1/rooms/{s.Room}").TwiceWith(Respelled)),
    ];

    private static string Changed(object hex) => ((string)hex)[0] == '0' ? "1" + ((string)hex)[1..] : "0" + ((string)hex)[1..];

    /// <summary>The same event with spaces in its JSON, so that not one character of the header is the same.</summary>
    private static string Respelled(string header) =>
        "Nostr " + Convert.ToBase64String(Encoding.UTF8.GetBytes("  " + Encoding.UTF8.GetString(Convert.FromBase64String(header["Nostr ".Length..]))));
}
