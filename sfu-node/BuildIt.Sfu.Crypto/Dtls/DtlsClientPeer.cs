using BuildIt.Sfu.Media.Transport;
using Org.BouncyCastle.Tls;
using Org.BouncyCastle.Tls.Crypto;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>The client's part in BouncyCastle's handshake, for peers that answer setup:passive and for clients of our own.</summary>
internal sealed class DtlsClientPeer(TlsCrypto crypto, DtlsCertificate certificate, DtlsFingerprint expected, DtlsOptions options)
    : AbstractTlsClient(crypto), IDtlsPeer
{
    private SrtpProfile _profile;

    public DtlsKeys? Keys { get; private set; }

    public override bool IgnoreCorruptDtlsRecords => true;

    public override int GetHandshakeTimeoutMillis() => (int)options.HandshakeTimeout.TotalMilliseconds;

    public override int GetHandshakeResendTimeMillis() => (int)options.ResendTime.TotalMilliseconds;

    public override bool RequiresExtendedMasterSecret() => true;

    public override int GetMaxHandshakeMessageSize() => options.MaxHandshakeMessage;

    public override TlsAuthentication GetAuthentication() => new Authentication(this);

    public override IDictionary<int, byte[]> GetClientExtensions()
    {
        var extensions = base.GetClientExtensions();
        TlsSrtpUtilities.AddUseSrtpExtension(extensions, new UseSrtpData(DtlsPolicy.SrtpProfiles, []));
        return extensions;
    }

    public override void ProcessServerExtensions(IDictionary<int, byte[]> serverExtensions)
    {
        base.ProcessServerExtensions(serverExtensions);
        var chosen = TlsSrtpUtilities.GetUseSrtpExtension(serverExtensions)?.ProtectionProfiles;
        if (chosen is null)
        {
            return;
        }

        // RFC 5764 section 4.1.1: exactly one, and one of those offered.
        if (chosen.Length != 1 || !DtlsPolicy.SrtpProfiles.Contains(chosen[0]))
        {
            throw new TlsFatalAlert(AlertDescription.illegal_parameter);
        }

        _profile = (SrtpProfile)chosen[0];
    }

    public override void NotifyHandshakeComplete()
    {
        base.NotifyHandshakeComplete();
        Keys = DtlsKeys.Export(m_context, _profile);
    }

    protected override ProtocolVersion[] GetSupportedVersions() => ProtocolVersion.DTLSv12.Only();

    protected override int[] GetSupportedCipherSuites() => DtlsPolicy.CipherSuites;

    protected override IList<int> GetSupportedGroups(IList<int> namedGroupRoles) => DtlsPolicy.Groups;

    private sealed class Authentication(DtlsClientPeer owner) : TlsAuthentication
    {
        public void NotifyServerCertificate(TlsServerCertificate serverCertificate) =>
            DtlsPolicy.CheckFingerprint(serverCertificate.Certificate, owner.Expected);

        public TlsCredentials GetClientCredentials(CertificateRequest certificateRequest) =>
            new EcdsaSigner(owner.OwnCertificate, owner.Crypto);
    }

    private DtlsFingerprint Expected => expected;

    private DtlsCertificate OwnCertificate => certificate;
}
