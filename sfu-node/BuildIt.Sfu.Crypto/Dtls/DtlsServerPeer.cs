using BuildIt.Sfu.Media.Transport;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>The server's part in BouncyCastle's handshake: DTLS 1.2 only, a client certificate demanded, use_srtp answered.</summary>
internal sealed class DtlsServerPeer(TlsCrypto crypto, DtlsCertificate certificate, DtlsFingerprint expected, DtlsOptions options)
    : AbstractTlsServer(crypto), IDtlsPeer
{
    private SrtpProfile _profile;

    public DtlsKeys? Keys { get; private set; }

    public override bool IgnoreCorruptDtlsRecords => true;

    public override int GetHandshakeTimeoutMillis() => (int)options.HandshakeTimeout.TotalMilliseconds;

    public override int GetHandshakeResendTimeMillis() => (int)options.ResendTime.TotalMilliseconds;

    public override bool RequiresExtendedMasterSecret() => true;

    public override int GetMaxHandshakeMessageSize() => options.MaxHandshakeMessage;

    public override int[] GetSupportedGroups() => DtlsPolicy.Groups;

    public override TlsCredentials GetCredentials() => new EcdsaSigner(certificate, Crypto);

    public override CertificateRequest GetCertificateRequest() => new(
        [ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign],
        TlsUtilities.GetDefaultSupportedSignatureAlgorithms(m_context),
        null);

    public override void ProcessClientExtensions(IDictionary<int, byte[]> clientExtensions)
    {
        base.ProcessClientExtensions(clientExtensions);
        var offered = TlsSrtpUtilities.GetUseSrtpExtension(clientExtensions);
        if (offered is not null)
        {
            // The server chooses, by its own preference (RFC 5764 section 4.1.2).
            _profile = (SrtpProfile)DtlsPolicy.SrtpProfiles.FirstOrDefault(p => offered.ProtectionProfiles.Contains(p));
        }
    }

    public override IDictionary<int, byte[]> GetServerExtensions()
    {
        var extensions = base.GetServerExtensions();
        if (_profile != SrtpProfile.None)
        {
            TlsSrtpUtilities.AddUseSrtpExtension(extensions, new UseSrtpData([(int)_profile], []));
        }

        return extensions;
    }

    public override void NotifyClientCertificate(Certificate clientCertificate) =>
        DtlsPolicy.CheckFingerprint(clientCertificate, expected);

    public override void NotifyHandshakeComplete()
    {
        base.NotifyHandshakeComplete();
        Keys = DtlsKeys.Export(m_context, _profile);
    }

    protected override ProtocolVersion[] GetSupportedVersions() => ProtocolVersion.DTLSv12.Only();

    protected override int[] GetSupportedCipherSuites() => DtlsPolicy.CipherSuites;

    public override bool PreferLocalSupportedGroups() => true;
}
