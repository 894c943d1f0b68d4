using System.Text;
using System.Text.Json;
using BuildIt.RoomApi.Nostr;

namespace BuildIt.RoomApi.Tests.Nostr;

/// <summary>NIP-98, against headers of nostr-tools and against every way to get one wrong.</summary>
public sealed class HttpAuthTests(NostrTools tools) : IClassFixture<NostrTools>
{
    private const string Url = "https://api.example.com/v1/rooms";

    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Body = """{"name":"x"}"""u8.ToArray();

    private readonly NostrSigner _signer = new();

    public static TheoryData<int> Skews => [-60, -1, 0, 1, 60];

    public static TheoryData<int> FarSkews => [-100_000, -61, 61, 100_000];

    [Fact]
    public void A_get_signed_by_nostr_tools_is_accepted()
    {
        var headers = tools.Headers;
        Assert.Null(HttpAuth.Verify(headers.Get, "GET", headers.Url, [], DateTimeOffset.UtcNow, out var caller));
        Assert.Equal(headers.PublicKey, Convert.ToHexStringLower(caller!.PublicKey.Span));
        Assert.Matches("^[0-9a-f]{64}$", caller.EventId);
    }

    [Fact]
    public void A_post_with_a_body_signed_by_nostr_tools_is_accepted()
    {
        var headers = tools.Headers;
        Assert.Null(HttpAuth.Verify(headers.Post, "POST", headers.Url, Encoding.UTF8.GetBytes(headers.Body), DateTimeOffset.UtcNow, out _));
    }

    [Fact]
    public void The_id_is_computed_as_nostr_tools_does_for_any_character()
    {
        var headers = tools.Headers;
        Assert.Null(HttpAuth.Verify(headers.Odd, "GET", headers.Url, [], DateTimeOffset.UtcNow, out _));
    }

    [Fact]
    public void A_body_that_was_changed_on_the_way_is_refused()
    {
        var headers = tools.Headers;
        var changed = Encoding.UTF8.GetBytes(headers.Body.Replace("true", "false", StringComparison.Ordinal));
        var fault = HttpAuth.Verify(headers.Post, "POST", headers.Url, changed, DateTimeOffset.UtcNow, out var caller);
        Assert.Contains("payload", fault!.Message, StringComparison.Ordinal);
        Assert.Null(caller);
    }

    [Theory]
    [MemberData(nameof(Skews))]
    public void A_clock_within_a_minute_is_accepted(int seconds) =>
        Assert.Null(HttpAuth.Verify(_signer.Header("GET", Url, [], Now.AddSeconds(seconds)), "GET", Url, [], Now, out _));

    [Theory]
    [MemberData(nameof(FarSkews))]
    public void A_clock_that_is_further_off_is_refused(int seconds) =>
        Refused(_signer.Header("GET", Url, [], Now.AddSeconds(seconds)), "created_at");

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer abc")]
    [InlineData("Nostr")]
    public void Another_scheme_is_refused(string? header) => Refused(header, "Authorization header of the form");

    [Theory]
    [InlineData("Nostr !!!")]
    [InlineData("Nostr e30=")]
    [InlineData("Nostr bnVsbA==")]
    [InlineData("Nostr W10=")]
    [InlineData("Nostr eyJpZCI6")]
    public void What_is_no_event_is_refused(string header) => Refused(header, "base64 of a Nostr event");

    [Fact]
    public void A_header_of_any_length_only_yields_an_error()
    {
        Refused("Nostr " + new string('A', 9000), "too long");
        var deep = "Nostr " + Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('[', 2000)));
        Refused(deep, "base64 of a Nostr event");
    }

    [Fact]
    public void Another_kind_is_refused() => Refused(Signed(kind: 1), "kind 27235");

    [Fact]
    public void Content_is_refused() => Refused(Signed(content: "hello"), "content must be empty");

    [Theory]
    [InlineData("https://api.example.com/v1/rooms/")]
    [InlineData("http://api.example.com/v1/rooms")]
    [InlineData("https://evil.example.com/v1/rooms")]
    [InlineData("https://api.example.com/v1/rooms?x=1")]
    [InlineData("/v1/rooms")]
    public void Another_url_is_refused(string url) => Refused(Signed(tags: [["u", url], ["method", "GET"]]), $"'u' tag with the value {Url}");

    [Theory]
    [InlineData("POST")]
    [InlineData("get")]
    [InlineData("")]
    public void Another_method_is_refused(string method) => Refused(Signed(tags: [["u", Url], ["method", method]]), "'method' tag");

    [Fact]
    public void Tags_given_twice_are_refused()
    {
        Refused(Signed(tags: [["u", Url], ["u", Url], ["method", "GET"]]), "exactly one 'u' tag");
        Refused(Signed(tags: [["u", Url], ["method", "GET"], ["method", "POST"]]), "exactly one 'method' tag");
        Refused(Signed(tags: [["u", Url, "extra"], ["method", "GET"]]), "exactly one 'u' tag");
    }

    [Fact]
    public void A_body_needs_its_payload_tag()
    {
        var fault = HttpAuth.Verify(Signed(tags: [["u", Url], ["method", "GET"]]), "GET", Url, Body, Now, out _);
        Assert.Contains("'payload' tag", fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_payload_tag_is_refused_even_without_a_body() =>
        Refused(Signed(tags: [["u", Url], ["method", "GET"], ["payload", new string('0', 64)]]), "'payload' tag");

    [Theory]
    [InlineData("id")]
    [InlineData("sig")]
    [InlineData("pubkey")]
    public void An_event_whose_hex_was_changed_is_refused(string field)
    {
        var signed = _signer.Event(HttpAuth.Kind, Now.ToUnixTimeSeconds(), [["u", Url], ["method", "GET"]]);
        var text = (string)signed[field];
        signed[field] = (text[0] == '0' ? '1' : '0') + text[1..];
        Refused(NostrSigner.Encode(signed), "id or signature is wrong");

        signed[field] = text.ToUpperInvariant() is var upper && upper != text ? upper : "G" + text[1..];
        Refused(NostrSigner.Encode(signed), "base64 of a Nostr event");
    }

    [Fact]
    public void A_property_given_twice_is_refused()
    {
        var json = JsonSerializer.Serialize(_signer.Event(HttpAuth.Kind, Now.ToUnixTimeSeconds(), [["u", Url], ["method", "GET"]]));
        var twice = json[..^1] + ",\"kind\":27235}";
        Refused("Nostr " + Convert.ToBase64String(Encoding.UTF8.GetBytes(twice)), "base64 of a Nostr event");
    }

    [Fact]
    public void Nothing_about_the_caller_is_printed()
    {
        Assert.Null(HttpAuth.Verify(_signer.Header("GET", Url, [], Now), "GET", Url, [], Now, out var caller));
        Assert.DoesNotContain(Convert.ToHexStringLower(_signer.PublicKey), caller!.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    private string Signed(int kind = HttpAuth.Kind, string content = "", string[][]? tags = null) =>
        NostrSigner.Encode(_signer.Event(kind, Now.ToUnixTimeSeconds(), tags ?? [["u", Url], ["method", "GET"]], content));

    private static void Refused(string? header, string because)
    {
        var fault = HttpAuth.Verify(header, "GET", Url, [], Now, out var caller);
        Assert.NotNull(fault);
        Assert.Contains(because, fault.Message, StringComparison.Ordinal);
        Assert.Null(caller);
    }
}
