using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Math;

namespace BuildIt.Testing.Nostr;

/// <summary>
/// A Nostr key that signs as BIP-340 says, for tests that need many signatures. That it agrees with other implementations
/// is shown by the product's verifier, which passes the official vectors and verifies nostr-tools.
/// </summary>
public sealed class NostrSigner
{
    private static readonly Org.BouncyCastle.Asn1.X9.X9ECParameters Curve = SecNamedCurves.GetByName("secp256k1");

    private readonly BigInteger _secret;

    public NostrSigner()
    {
        var secret = new BigInteger(1, RandomNumberGenerator.GetBytes(32)).Mod(Curve.N.Subtract(BigInteger.One)).Add(BigInteger.One);
        var point = Curve.G.Multiply(secret).Normalize();
        _secret = point.AffineYCoord.TestBitZero() ? Curve.N.Subtract(secret) : secret;
        PublicKey = point.AffineXCoord.GetEncoded();
    }

    public byte[] PublicKey { get; }

    /// <summary>An event in JSON, correctly signed.</summary>
    public Dictionary<string, object> Event(int kind, long createdAt, string[][] tags, string content = "")
    {
        var id = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"[0,{Json(Convert.ToHexStringLower(PublicKey))},{createdAt},{kind},{Json(tags)},{Json(content)}]")));
        return new()
        {
            ["id"] = Convert.ToHexStringLower(id),
            ["pubkey"] = Convert.ToHexStringLower(PublicKey),
            ["created_at"] = createdAt,
            ["kind"] = kind,
            ["tags"] = tags,
            ["content"] = content,
            ["sig"] = Convert.ToHexStringLower(Sign(id)),
        };
    }

    /// <summary>The value of an Authorization header for a request.</summary>
    public string Header(string method, string url, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        string[][] tags = body.IsEmpty
            ? [["u", url], ["method", method], Nonce()]
            : [["u", url], ["method", method], ["payload", Convert.ToHexStringLower(SHA256.HashData(body))], Nonce()];
        return Encode(Event(27235, now.ToUnixTimeSeconds(), tags));
    }

    /// <summary>Makes two events of the same second different, as a client that asks often has to.</summary>
    public static string[] Nonce() => ["nonce", Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))];

    public static string Encode(object json) => "Nostr " + Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(json));

    public byte[] Sign(byte[] message)
    {
        // BIP-340, Default Signing: the nonce from the key, fresh randomness and the message.
        var random = RandomNumberGenerator.GetBytes(32);
        var masked = Bytes(_secret);
        var aux = Tagged("BIP0340/aux", random);
        for (var i = 0; i < 32; i++)
        {
            masked[i] ^= aux[i];
        }

        var k = new BigInteger(1, Tagged("BIP0340/nonce", [.. masked, .. PublicKey, .. message])).Mod(Curve.N);
        var r = Curve.G.Multiply(k).Normalize();
        k = r.AffineYCoord.TestBitZero() ? Curve.N.Subtract(k) : k;
        var rx = r.AffineXCoord.GetEncoded();
        var e = new BigInteger(1, Tagged("BIP0340/challenge", [.. rx, .. PublicKey, .. message])).Mod(Curve.N);
        return [.. rx, .. Bytes(k.Add(e.Multiply(_secret)).Mod(Curve.N))];
    }

    private static string Json(object value) =>
        JsonSerializer.Serialize(value, new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private static byte[] Bytes(BigInteger number)
    {
        var bytes = number.ToByteArrayUnsigned();
        return [.. new byte[32 - bytes.Length], .. bytes];
    }

    private static byte[] Tagged(string tag, byte[] data)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(tag));
        return SHA256.HashData([.. hash, .. hash, .. data]);
    }
}
