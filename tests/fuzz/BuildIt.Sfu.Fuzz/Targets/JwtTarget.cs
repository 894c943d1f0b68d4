using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using BuildIt.Sfu.Fuzz.Engine;
using BuildIt.Sfu.Signaling.Tokens;

namespace BuildIt.Sfu.Fuzz.Targets;

/// <summary>
/// Access tokens: text as received, and header and payload that somebody with a key signed (whoever makes tokens for an application
/// may be careless, or hostile).
/// </summary>
internal sealed class JwtTarget : IFuzzTarget
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    private static readonly AccessTokenSecret Secret = new("secret");

    private readonly TokenVerifier _verifier = new(ApiKeys.Single("devkey", "secret"));

    public string Name => "jwt";

    public int MaxLength => 1024;

    public IEnumerable<byte[]> Seeds
    {
        get
        {
            var token = new TokenSigner(ApiKeys.Single("devkey", "secret")).Sign(Sample(), Now, TimeSpan.FromHours(1));
            yield return [0, .. Encoding.ASCII.GetBytes(token)];
            var payload = Base64Url.DecodeFromChars(token.Split('.')[1]);
            yield return [1, .. payload];
            yield return [2, .. """{"alg":"HS256","typ":"JWT"}"""u8];
            yield return [2, .. """{"typ":{"a":[1]},"alg":"HS256","kid":"\u0041"}"""u8];
            yield return [1, .. """{"iss":"devkey","exp":9999999999,"jti":"x","video":{"roomJoin":true,"room":"r","canPublishSources":["camera"]},"roomConfig":{"maxParticipants":3},"attributes":{"a":1}}"""u8];
        }
    }

    public IReadOnlyList<byte[]> Dictionary { get; } =
        [.. new[] { "\"alg\":\"HS256\"", "\"alg\":\"none\"", "\"crit\":[]", "\"exp\":1e400", "\"exp\":-1", "\"nbf\":99999999999999999999", "\"video\":null", "\"video\":{", "\"attributes\":{", "\\ud800", "\\u0061", "null", "{}", "[]", "\"kindDetails\":[1]", "\"roomConfig\":{", "\"iss\":\"devkey\"", "." }.Select(Encoding.ASCII.GetBytes)];

    public void Run(ReadOnlySpan<byte> input)
    {
        if (input.IsEmpty)
        {
            return;
        }

        var rest = input[1..];
        switch (input[0] % 3)
        {
            case 0:
                Text(Encoding.Latin1.GetString(rest));
                break;
            case 1:
                Verify("""{"alg":"HS256"}"""u8, rest, headerIsOurs: true);
                break;
            default:
                Verify(rest, """{"iss":"devkey","exp":9999999999,"sub":"me"}"""u8, headerIsOurs: false);
                break;
        }
    }

    private void Text(string token)
    {
        var error = _verifier.Verify(token, Now, out var claims);
        if (error == TokenError.None)
        {
            // Nothing but the signer's own bytes can come through, in whatever spelling of base64.
            Property.Holds(claims.Identity == Sample().Identity && claims.Video.Room == Sample().Video.Room, "a token made without the key is refused");
        }
        else
        {
            Property.Holds(claims.Identity.Length == 0 && !claims.Video.RoomJoin, "a refused token grants nothing");
        }
    }

    private void Verify(ReadOnlySpan<byte> header, ReadOnlySpan<byte> payload, bool headerIsOurs)
    {
        var signed = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        Span<byte> signature = stackalloc byte[32];
        Secret.Sign(Encoding.ASCII.GetBytes(signed), signature);
        var error = _verifier.Verify($"{signed}.{Base64Url.EncodeToString(signature)}", Now, out var claims);
        Property.Holds(error != TokenError.SignatureMismatch, "an authentic signature is accepted");
        if (error != TokenError.None)
        {
            return;
        }

        if (!headerIsOurs)
        {
            Property.Holds(IsHs256(header), "only HS256 is accepted");
            return;
        }

        // What was understood, signed anew, has to be understood alike.
        var again = new TokenSigner(ApiKeys.Single("devkey", "secret")).Sign(claims, Now, TimeSpan.FromHours(1));
        Property.Holds(_verifier.Verify(again, Now, out var second) == TokenError.None, "what was understood can be signed again");
        Property.Holds(
            second.Identity == claims.Identity && second.Name == claims.Name && second.Metadata == claims.Metadata && second.Kind == claims.Kind
                && second.Video.Room == claims.Video.Room && second.Video.RoomJoin == claims.Video.RoomJoin && second.Video.RoomAdmin == claims.Video.RoomAdmin
                && second.Video.CanPublish == claims.Video.CanPublish && second.Attributes.Count == claims.Attributes.Count,
            "claims survive");
    }

    private static bool IsHs256(ReadOnlySpan<byte> header)
    {
        using var document = JsonDocument.Parse(header.ToArray(), new JsonDocumentOptions { MaxDepth = 64 });
        return document.RootElement.GetProperty("alg").GetString() == "HS256" && !document.RootElement.TryGetProperty("crit", out _);
    }

    private static AccessClaims Sample() => new()
    {
        Issuer = "devkey",
        Identity = "me",
        Name = "Me",
        Metadata = "m",
        Attributes = new Dictionary<string, string> { ["a"] = "b" },
        Video = new VideoGrant { RoomJoin = true, Room = "room", CanPublish = false, CanPublishSources = ["camera"] },
    };
}
