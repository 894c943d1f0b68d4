using System.Security.Cryptography;
using System.Text;

namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>
/// The secret of one API key. It signs and verifies; it cannot be read back or printed.
/// Any length is taken (development uses "secret"), so callers must not expose short ones to the world.
/// </summary>
public sealed class AccessTokenSecret
{
    private readonly byte[] _key;

    public AccessTokenSecret(string secret)
    {
        ArgumentException.ThrowIfNullOrEmpty(secret);
        _key = Encoding.UTF8.GetBytes(secret);
    }

    /// <summary>HMAC-SHA-256 of <paramref name="data"/> into <paramref name="signature"/> (32 bytes).</summary>
    internal void Sign(ReadOnlySpan<byte> data, Span<byte> signature) => HMACSHA256.HashData(_key, data, signature);

    /// <summary>Compares in constant time.</summary>
    internal bool Verify(ReadOnlySpan<byte> data, ReadOnlySpan<byte> signature)
    {
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Sign(data, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    public override string ToString() => "***";
}
