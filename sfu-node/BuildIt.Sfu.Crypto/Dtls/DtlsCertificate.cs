using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>
/// A self-signed ECDSA P-256 certificate, which SDP's fingerprint vouches for (RFC 8827 section 6.5). One serves all
/// connections of a process. Thread-safe.
/// </summary>
public sealed class DtlsCertificate : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    private readonly ECDsa _key;
    private readonly Lock _lock = new();

    private DtlsCertificate(ECDsa key, byte[] encoded)
    {
        _key = key;
        Encoded = encoded;
        Fingerprint = DtlsFingerprint.FromSha256(SHA256.HashData(encoded));
    }

    public DtlsFingerprint Fingerprint { get; }

    /// <summary>DER.</summary>
    internal byte[] Encoded { get; }

    /// <summary>A new key and certificate, valid from a day before now for a year.</summary>
    public static DtlsCertificate Generate(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=WebRTC", key, HashAlgorithmName.SHA256);
        var now = time.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now - TimeSpan.FromDays(1), now + Lifetime);
        return new DtlsCertificate(key, certificate.RawData);
    }

    /// <summary>ECDSA signature of a hash, as TLS wants it (DER). Several handshakes sign at once.</summary>
    internal byte[] Sign(byte[] hash)
    {
        lock (_lock)
        {
            return _key.SignHash(hash, DSASignatureFormat.Rfc3279DerSequence);
        }
    }

    public void Dispose() => _key.Dispose();
}
