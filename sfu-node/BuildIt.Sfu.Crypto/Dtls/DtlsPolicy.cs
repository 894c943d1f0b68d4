using System.Security.Cryptography;
using BuildIt.Sfu.Media.Transport;
using Org.BouncyCastle.Tls;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>What both roles agree to, and how they judge the peer's certificate.</summary>
internal static class DtlsPolicy
{
    /// <summary>RFC 8827 section 6.5 asks for the first; the second is for peers that insist on 256 bits.</summary>
    public static readonly int[] CipherSuites =
    [
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ];

    public static readonly int[] Groups = [NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1];

    /// <summary>In order of preference: GCM costs less than half of counter mode with HMAC.</summary>
    public static readonly int[] SrtpProfiles = [(int)SrtpProfile.AeadAes128Gcm, (int)SrtpProfile.Aes128CmHmacSha1Tag80];

    /// <summary>Ends the handshake unless the first certificate is the one that SDP named (RFC 8122 section 6).</summary>
    public static void CheckFingerprint(Certificate? certificate, DtlsFingerprint expected)
    {
        if (certificate is null || certificate.IsEmpty)
        {
            throw new TlsFatalAlert(AlertDescription.certificate_required);
        }

        var encoded = certificate.GetCertificateAt(0).GetEncoded();
        var hash = expected.Algorithm switch
        {
            "sha-256" => SHA256.HashData(encoded),
            "sha-384" => SHA384.HashData(encoded),
            "sha-512" => SHA512.HashData(encoded),
            _ => throw new TlsFatalAlert(AlertDescription.internal_error),
        };
        if (!CryptographicOperations.FixedTimeEquals(hash, expected.Hash))
        {
            throw new TlsFatalAlert(AlertDescription.bad_certificate);
        }
    }
}
