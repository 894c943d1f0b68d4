using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Signaling.Tests.Tokens;

public class TokenTests
{
    private static readonly DateTimeOffset Now = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ApiKeys Keys = new([new("devkey", new("secret")), new("other", new("another secret"))]);
    private readonly TokenVerifier _verifier = new(Keys);

    [Fact]
    public void Reads_a_token_made_elsewhere()
    {
        // Claims as LiveKit's server SDK writes them, signed here by hand with the HMAC of the base library.
        var token = Make("""{"alg":"HS256"}""", $$$"""
            {"iss":"devkey","sub":"alice","nbf":{{{Now.ToUnixTimeSeconds()}}},"exp":{{{Now.ToUnixTimeSeconds() + 600}}},"name":"Alice",
             "kind":"agent","metadata":"m","attributes":{"a":"1"},"sha256":"x","roomConfig":{"emptyTimeout":5,"max_participants":3},
             "video":{"roomJoin":true,"room":"r","canPublish":false,"canPublishSources":["camera"],"hidden":true}}
            """);

        Assert.Equal(TokenError.None, _verifier.Verify(token, Now, out var claims));
        Assert.Equal(("alice", "Alice", "agent", "m"), (claims.Identity, claims.Name, claims.Kind, claims.Metadata));
        Assert.Equal("1", claims.Attributes["a"]);
        Assert.Equal((5u, 3u), (claims.RoomConfig!.EmptyTimeout, claims.RoomConfig.MaxParticipants));
        Assert.True(claims.Video.RoomJoin && claims.Video.Hidden && claims.Video.MaySubscribe);
        Assert.False(claims.Video.MayPublish || claims.Video.MayPublishData || claims.Video.MayUpdateOwnMetadata);
        Assert.Equal(["camera"], claims.Video.CanPublishSources);
    }

    [Fact]
    public void Older_tokens_name_the_identity_in_jti()
    {
        var token = Make("""{"alg":"HS256"}""", $$"""{"iss":"devkey","jti":"bob","exp":{{Now.ToUnixTimeSeconds() + 600}}}""");
        Assert.Equal(TokenError.None, _verifier.Verify(token, Now, out var claims));
        Assert.Equal("bob", claims.Identity);
    }

    [Fact]
    public void Signed_claims_come_back_the_same()
    {
        var claims = new AccessClaims
        {
            Issuer = "other",
            Identity = "zoë",
            Name = "n",
            Metadata = "{\"x\":1}",
            Attributes = new Dictionary<string, string> { ["k"] = "v" },
            Video = new VideoGrant { RoomJoin = true, Room = "r", CanPublish = false, CanPublishSources = ["microphone"] },
        };
        var token = new TokenSigner(Keys).Sign(claims, Now, TimeSpan.FromMinutes(10));

        Assert.Equal(TokenError.None, _verifier.Verify(token, Now, out var read));
        Assert.Equal(("other", "zoë", "n", "{\"x\":1}", "v"), (read.Issuer, read.Identity, read.Name, read.Metadata, read.Attributes["k"]));
        Assert.False(read.Video.MayPublish);
        Assert.Equal(["microphone"], read.Video.CanPublishSources);
    }

    [Fact]
    public void When_a_token_was_issued_is_known_to_the_millisecond()
    {
        var issued = Now.AddMilliseconds(417);
        var token = new TokenSigner(Keys).Sign(new AccessClaims { Issuer = "devkey", Identity = "a" }, issued, TimeSpan.FromMinutes(10));
        Assert.Equal(TokenError.None, _verifier.Verify(token, Now, out var read));
        Assert.Equal(issued, read.IssuedAt);
    }

    [Theory]
    [InlineData(-61, 600, TokenError.None)]
    [InlineData(59, 600, TokenError.None)]
    [InlineData(61, 600, TokenError.NotYetValid)]
    [InlineData(-600, -59, TokenError.None)]
    [InlineData(-600, -60, TokenError.Expired)]
    public void Validity_has_a_leeway_of_a_minute(int notBefore, int expires, TokenError expected)
    {
        var seconds = Now.ToUnixTimeSeconds();
        var token = Make("""{"alg":"HS256"}""", $$"""{"iss":"devkey","nbf":{{seconds + notBefore}},"exp":{{seconds + expires}}}""");
        Assert.Equal(expected, _verifier.Verify(token, Now, out _));
    }

    [Theory]
    [InlineData("""{"alg":"none"}""", """{"iss":"devkey","exp":9999999999}""", TokenError.AlgorithmRefused)]
    [InlineData("""{"alg":"HS512"}""", """{"iss":"devkey","exp":9999999999}""", TokenError.AlgorithmRefused)]
    [InlineData("""{"\ud800":1,"alg":"HS256"}""", """{"iss":"devkey","exp":9999999999}""", TokenError.AlgorithmRefused)]
    [InlineData("""{"alg":"HS256"}"x"}""", """{"iss":"devkey","exp":9999999999}""", TokenError.AlgorithmRefused)]
    [InlineData("""{"alg":"HS256","crit":["x"]}""", """{"iss":"devkey","exp":9999999999}""", TokenError.AlgorithmRefused)]
    [InlineData("""{"alg":"HS256"}""", """{"iss":"nobody","exp":9999999999}""", TokenError.UnknownKey)]
    [InlineData("""{"alg":"HS256"}""", """{"iss":"other","exp":9999999999}""", TokenError.SignatureMismatch)]
    [InlineData("""{"alg":"HS256"}""", """{"iss":"devkey"}""", TokenError.Malformed)]
    [InlineData("""{"alg":"HS256"}""", """{"iss":"devkey","exp":"soon"}""", TokenError.Malformed)]
    [InlineData("""{"alg":"HS256"}""", """{"iss":7,"exp":9999999999}""", TokenError.Malformed)]
    [InlineData("""{"alg":"HS256"}""", """{"iss":"devkey","exp":9999999999,"video":{"room":5}}""", TokenError.Malformed)]
    [InlineData("""{"alg":"HS256"}""", "[]", TokenError.Malformed)]
    public void Wrong_tokens_are_refused(string header, string payload, TokenError expected) =>
        Assert.Equal(expected, _verifier.Verify(Make(header, payload), Now, out _));

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a.b.c.d")]
    [InlineData("é.é.é")]
    public void Text_that_is_no_token_is_malformed(string token) =>
        Assert.True(_verifier.Verify(token, Now, out _) is TokenError.Malformed or TokenError.AlgorithmRefused);

    [Fact]
    public void No_single_changed_byte_is_accepted()
    {
        var token = new TokenSigner(Keys).Sign(new AccessClaims { Issuer = "devkey", Identity = "a" }, Now, TimeSpan.FromHours(1));
        for (var i = 0; i < token.Length; i++)
        {
            var changed = token.ToCharArray();
            changed[i] = changed[i] == 'A' ? 'B' : 'A';

            // The last character of an unpadded group holds unused bits; only a change of the decoded bytes counts.
            if (i != token.Length - 1)
            {
                Assert.NotEqual(TokenError.None, _verifier.Verify(new string(changed), Now, out _));
            }
        }
    }

    [Fact]
    public void Secrets_and_claims_do_not_print()
    {
        Assert.DoesNotContain("secret", new AccessTokenSecret("secret").ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("alice", new AccessClaims { Identity = "alice" }.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Random_text_never_throws()
    {
        var random = new Random(20260801);
        for (var i = 0; i < 20_000; i++)
        {
            var payload = new byte[random.Next(64)];
            random.NextBytes(payload);
            var text = (i % 2 == 0 ? Make("""{"alg":"HS256"}""", Encoding.Latin1.GetString(payload)) : Encoding.Latin1.GetString(payload));
            Assert.NotEqual(TokenError.None, _verifier.Verify(text, Now, out _));
        }
    }

    private static string Make(string header, string payload)
    {
        var signed = $"{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header))}.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}";
        return $"{signed}.{Base64Url.EncodeToString(HMACSHA256.HashData("secret"u8, Encoding.ASCII.GetBytes(signed)))}";
    }
}
