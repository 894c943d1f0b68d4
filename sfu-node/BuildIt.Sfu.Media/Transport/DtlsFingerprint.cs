namespace BuildIt.Sfu.Media.Transport;

/// <summary>
/// Hash of a certificate as SDP names it (RFC 8122 section 5). SHA-1 and MD5 are not accepted: they no longer bind a
/// certificate to the signalling.
/// </summary>
public sealed class DtlsFingerprint : IEquatable<DtlsFingerprint>
{
    private readonly byte[] _hash;

    private DtlsFingerprint(string algorithm, byte[] hash)
    {
        Algorithm = algorithm;
        _hash = hash;
    }

    /// <summary>Lower-case name: sha-256, sha-384 or sha-512.</summary>
    public string Algorithm { get; }

    public ReadOnlySpan<byte> Hash => _hash;

    public static DtlsFingerprint FromSha256(ReadOnlySpan<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hash.Length, 32);
        return new DtlsFingerprint("sha-256", hash.ToArray());
    }

    /// <summary>Reads the value of the SDP attribute, such as "sha-256 AB:CD:...".</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out DtlsFingerprint fingerprint)
    {
        fingerprint = null!;
        text = text.Trim();
        var space = text.IndexOf(' ');
        if (space < 0)
        {
            return false;
        }

        var (algorithm, length) = text[..space] switch
        {
            var name when name.Equals("sha-256", StringComparison.OrdinalIgnoreCase) => ("sha-256", 32),
            var name when name.Equals("sha-384", StringComparison.OrdinalIgnoreCase) => ("sha-384", 48),
            var name when name.Equals("sha-512", StringComparison.OrdinalIgnoreCase) => ("sha-512", 64),
            _ => ("", 0),
        };
        var hex = text[(space + 1)..].Trim();
        if (length == 0 || hex.Length != length * 3 - 1)
        {
            return false;
        }

        var hash = new byte[length];
        for (var i = 0; i < length; i++)
        {
            if ((i > 0 && hex[i * 3 - 1] != ':')
                || !byte.TryParse(
                    hex.Slice(i * 3, 2),
                    System.Globalization.NumberStyles.AllowHexSpecifier,
                    System.Globalization.CultureInfo.InvariantCulture,
                    out hash[i]))
            {
                return false;
            }
        }

        fingerprint = new DtlsFingerprint(algorithm, hash);
        return true;
    }

    public bool Equals(DtlsFingerprint? other) =>
        other is not null && Algorithm == other.Algorithm && _hash.AsSpan().SequenceEqual(other._hash);

    public override bool Equals(object? obj) => Equals(obj as DtlsFingerprint);

    public override int GetHashCode() => BitConverter.ToInt32(_hash);

    /// <summary>The value of the SDP attribute.</summary>
    public override string ToString() =>
        $"{Algorithm} {BitConverter.ToString(_hash).Replace('-', ':')}";
}
