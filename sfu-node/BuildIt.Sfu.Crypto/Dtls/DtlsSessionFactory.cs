using BuildIt.Sfu.Media.Transport;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.Tls.Crypto;
using Org.BouncyCastle.Tls.Crypto.Impl.BC;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>Makes the DTLS associations of one process, and bounds what their handshakes cost together. Thread-safe.</summary>
public sealed class DtlsSessionFactory : IDtlsSessionFactory
{
    private readonly DtlsCertificate _certificate;
    private readonly DtlsOptions _options;
    private readonly HandshakeThreads _threads;
    private readonly TlsCrypto _crypto = new BcTlsCrypto(new SecureRandom());

    public DtlsSessionFactory(DtlsCertificate certificate, DtlsOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        _certificate = certificate;
        _options = options ?? new DtlsOptions();
        _threads = new HandshakeThreads(_options);
    }

    public DtlsFingerprint LocalFingerprint => _certificate.Fingerprint;

    public IDtlsSession Create(DtlsRole role, Action? wake) => new DtlsSession(role, this, wake);

    internal Handshake StartHandshake(DtlsRole role, DtlsFingerprint expected, Action? wake)
    {
        var handshake = new Handshake(role, expected, _certificate, _crypto, _options, wake);
        if (!_threads.TryStart(handshake))
        {
            handshake.Refuse();
        }

        return handshake;
    }
}
