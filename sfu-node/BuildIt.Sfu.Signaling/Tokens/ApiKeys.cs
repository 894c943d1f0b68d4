using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace BuildIt.Sfu.Signaling.Tokens;

/// <summary>The API keys a node accepts. Several can be valid at once, so that keys can be rotated. Immutable.</summary>
public sealed class ApiKeys
{
    private readonly FrozenDictionary<string, AccessTokenSecret> _secrets;

    /// <param name="secrets">Secret by key, at least one.</param>
    /// <param name="signingKey">The key that signs what the node issues itself; the first when null.</param>
    public ApiKeys(IEnumerable<KeyValuePair<string, AccessTokenSecret>> secrets, string? signingKey = null)
    {
        var all = secrets.ToArray();
        if (all.Length == 0)
        {
            throw new ArgumentException("A node needs at least one API key.", nameof(secrets));
        }

        _secrets = all.ToFrozenDictionary(StringComparer.Ordinal);
        SigningKey = signingKey ?? all[0].Key;
        if (!_secrets.ContainsKey(SigningKey))
        {
            throw new ArgumentException("The signing key is not among the keys.", nameof(signingKey));
        }
    }

    /// <summary>Signs refreshed tokens of unknown origin and webhooks.</summary>
    public string SigningKey { get; }

    public static ApiKeys Single(string key, string secret) => new([new(key, new AccessTokenSecret(secret))]);

    internal bool TryGet(string key, [NotNullWhen(true)] out AccessTokenSecret? secret) => _secrets.TryGetValue(key, out secret);

    internal AccessTokenSecret this[string key] => _secrets[key];
}

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
