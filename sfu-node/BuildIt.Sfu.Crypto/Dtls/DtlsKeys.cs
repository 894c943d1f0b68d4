using BuildIt.Sfu.Media.Transport;
using Org.BouncyCastle.Tls;

namespace BuildIt.Sfu.Crypto.Dtls;

/// <summary>Everything a finished handshake leaves behind. Secret; does not print itself.</summary>
internal sealed class DtlsKeys
{
    /// <summary>RFC 5246 section 6.3 with the nonce of RFC 5288 section 3: the part that is fixed.</summary>
    public const int FixedNonceLength = 4;

    private DtlsKeys(SrtpProfile profile, byte[] srtp, byte[] sendKey, byte[] sendNonce, byte[] receiveKey, byte[] receiveNonce)
    {
        Profile = profile;
        Srtp = srtp;
        SendKey = sendKey;
        SendNonce = sendNonce;
        ReceiveKey = receiveKey;
        ReceiveNonce = receiveNonce;
    }

    public SrtpProfile Profile { get; }

    /// <summary>Client key, server key, client salt, server salt (RFC 5764 section 4.2); empty without a profile.</summary>
    public byte[] Srtp { get; }

    public byte[] SendKey { get; }

    public byte[] SendNonce { get; }

    public byte[] ReceiveKey { get; }

    public byte[] ReceiveNonce { get; }

    /// <summary>Takes the keys out of a context; only possible inside NotifyHandshakeComplete, which clears it afterwards.</summary>
    public static DtlsKeys Export(TlsContext context, SrtpProfile profile)
    {
        var parameters = context.SecurityParameters;
        var keyLength = parameters.CipherSuite == CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 ? 32 : 16;

        // RFC 5246 section 6.3: key_block = PRF(master_secret, "key expansion", server_random + client_random).
        byte[] seed = [.. parameters.ServerRandom, .. parameters.ClientRandom];
        var block = parameters.MasterSecret
            .DeriveUsingPrf(parameters.PrfAlgorithm, "key expansion", seed, 2 * (keyLength + FixedNonceLength))
            .Extract();
        var clientKey = block[..keyLength];
        var serverKey = block[keyLength..(2 * keyLength)];
        var clientNonce = block[(2 * keyLength)..(2 * keyLength + FixedNonceLength)];
        var serverNonce = block[(2 * keyLength + FixedNonceLength)..];

        var srtpLength = 2 * (SrtpProfiles.MasterKeyLength + profile.MasterSaltLength());
        var srtp = profile == SrtpProfile.None
            ? []
            : context.ExportKeyingMaterial(ExporterLabel.dtls_srtp, null, srtpLength);
        return context.IsServer
            ? new DtlsKeys(profile, srtp, serverKey, serverNonce, clientKey, clientNonce)
            : new DtlsKeys(profile, srtp, clientKey, clientNonce, serverKey, serverNonce);
    }

    public void Clear()
    {
        foreach (var secret in (ReadOnlySpan<byte[]>)[Srtp, SendKey, SendNonce, ReceiveKey, ReceiveNonce])
        {
            secret.AsSpan().Clear();
        }
    }
}
