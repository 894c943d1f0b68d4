using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>
/// JWS compact serialisation with HS256 (RFC 7515 section 3.1, RFC 7518 section 3.2). Written here because the usual library
/// refuses keys under 128 bits, and LiveKit's users develop with the key pair devkey and secret.
/// </summary>
internal static class JsonWebSignature
{
    /// <summary>Longest token taken: it may carry 512 KiB of metadata.</summary>
    public const int MaxLength = 1024 * 1024;

    private static readonly byte[] Header = """{"alg":"HS256","typ":"JWT"}"""u8.ToArray();

    public static string Sign(ReadOnlySpan<byte> payload, AccessTokenSecret secret)
    {
        var signed = $"{Base64Url.EncodeToString(Header)}.{Base64Url.EncodeToString(payload)}";
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        secret.Sign(Encoding.ASCII.GetBytes(signed), signature);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    /// <summary>Splits a token; nothing is verified yet.</summary>
    public static bool TrySplit(string token, out Parts parts)
    {
        parts = default;
        if (token.Length is 0 or > MaxLength || !Ascii.IsValid(token))
        {
            return false;
        }

        var first = token.IndexOf('.', StringComparison.Ordinal);
        var second = first < 0 ? -1 : token.IndexOf('.', first + 1);
        if (second < 0 || token.IndexOf('.', second + 1) >= 0)
        {
            return false;
        }

        if (!TryDecode(token.AsSpan(0, first), out var header)
            || !TryDecode(token.AsSpan(first + 1, second - first - 1), out var payload)
            || !TryDecode(token.AsSpan(second + 1), out var signature))
        {
            return false;
        }

        parts = new Parts(header, payload, signature, Encoding.ASCII.GetBytes(token, 0, second));
        return true;
    }

    /// <summary>True when the protected header names HS256, and no extension we would have to understand (RFC 7515 section 4.1.11).</summary>
    public static bool IsHs256(ReadOnlySpan<byte> header)
    {
        var algorithm = false;
        var reader = new Utf8JsonReader(header);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("crit"u8))
                {
                    return false;
                }

                var isAlgorithm = reader.ValueTextEquals("alg"u8);
                reader.Read();
                if (isAlgorithm)
                {
                    algorithm = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("HS256"u8);
                }

                reader.Skip();
            }

            // The end of the object has to be the end of the text.
            while (reader.Read())
            {
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // Malformed, or an escaped lone surrogate, which the reader meets only when it compares.
            return false;
        }

        return algorithm;
    }

    private static bool TryDecode(ReadOnlySpan<char> text, out byte[] bytes)
    {
        bytes = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        var status = Base64Url.DecodeFromChars(text, bytes, out var consumed, out var written);
        if (status != OperationStatus.Done || consumed != text.Length)
        {
            return false;
        }

        Array.Resize(ref bytes, written);
        return true;
    }

    /// <param name="Header">Decoded protected header.</param>
    /// <param name="Payload">Decoded claims.</param>
    /// <param name="Signature">Decoded signature.</param>
    /// <param name="Signed">The ASCII bytes the signature is over.</param>
    internal readonly record struct Parts(byte[] Header, byte[] Payload, byte[] Signature, byte[] Signed);
}
