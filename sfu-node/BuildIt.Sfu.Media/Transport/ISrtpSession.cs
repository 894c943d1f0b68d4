using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Transport;

/// <summary>Why a packet was not protected. Nothing of it may be sent then.</summary>
public enum SrtpError : byte
{
    None = 0,

    /// <summary>No RTP or RTCP packet, too little room behind it, or an index that does not belong to its sequence number.</summary>
    Malformed,

    /// <summary>
    /// Protected before, or so old that this cannot be told: the keystream would repeat, which gives away what is encrypted, and
    /// with GCM the authentication key (RFC 3711 section 9.1, RFC 7714 section 8.3). A fault of the caller.
    /// </summary>
    IndexReused,

    /// <summary>The stream was ended under this key; another one needs another SSRC.</summary>
    StreamEnded,

    /// <summary>As many streams as one session may have.</summary>
    StreamLimit,

    /// <summary>All indexes of the stream, or of RTCP, were used under this key (RFC 3711 section 9.2).</summary>
    KeySpent,

    /// <summary>The session is closed.</summary>
    Closed,
}

/// <summary>Protection profiles of DTLS-SRTP by their registered number (RFC 5764 section 4.1.2, RFC 7714 section 14.2).</summary>
public enum SrtpProfile : ushort
{
    None = 0,
    Aes128CmHmacSha1Tag80 = 0x0001,
    AeadAes128Gcm = 0x0007,
}

/// <summary>
/// Protects what we send and unprotects what the peer sends, both in place and without allocation (RFC 3711, RFC 7714).
/// Who sends says which index a packet has; none is protected twice. Not thread-safe. Packets that are malformed, forged or
/// (if asked) replayed are refused and leave the state as it was.
/// </summary>
public interface ISrtpSession : IDisposable
{
    /// <summary>How far behind a stream's highest index a packet may still be protected.</summary>
    const int Window = 1024;

    /// <summary>Streams of a client that are remembered at most.</summary>
    const int ClientStreams = 1024;

    SrtpProfile Profile { get; }

    /// <summary>Bytes by which protection lengthens an RTP packet.</summary>
    int RtpOverhead { get; }

    /// <summary>Bytes by which protection lengthens an RTCP packet, index included.</summary>
    int RtcpOverhead { get; }

    /// <param name="packet">The plain packet followed by at least <see cref="RtpOverhead"/> bytes of room.</param>
    /// <param name="plainLength">Length of the plain packet.</param>
    /// <param name="index">Its index; its low 16 bits stand in the header. A peer counts from a stream's first packet on, so the first index is below 2^15.</param>
    /// <param name="protectedLength">What is to be sent; 0 when refused.</param>
    SrtpError ProtectRtp(Span<byte> packet, int plainLength, PacketIndex index, out int protectedLength);

    bool TryUnprotectRtp(Span<byte> packet, out int plainLength);

    /// <param name="packet">The plain compound packet followed by at least <see cref="RtcpOverhead"/> bytes of room.</param>
    /// <param name="plainLength">Length of the plain packet.</param>
    /// <param name="index">31 bits, higher than that of any RTCP packet before.</param>
    /// <param name="protectedLength">What is to be sent; 0 when refused.</param>
    SrtpError ProtectRtcp(Span<byte> packet, int plainLength, uint index, out int protectedLength);

    /// <summary>Nothing is sent under this SSRC any more: forgets where the stream was, and refuses it from now on.</summary>
    void EndStream(Ssrc ssrc);

    bool TryUnprotectRtcp(Span<byte> packet, out int plainLength);
}

/// <summary>Makes SRTP sessions from the keys that DTLS has agreed.</summary>
public interface ISrtpSessionFactory
{
    /// <param name="sendKey">Our master key followed by our master salt.</param>
    /// <param name="receiveKey">The peer's master key followed by its master salt.</param>
    /// <param name="receivedStreams">Streams of the peer that are remembered at most; after that, those that were silent for longest are forgotten.</param>
    ISrtpSession Create(
        SrtpProfile profile, ReadOnlySpan<byte> sendKey, ReadOnlySpan<byte> receiveKey, int receivedStreams = ISrtpSession.ClientStreams);
}

/// <summary>Lengths of the master key and salt of each profile.</summary>
public static class SrtpProfiles
{
    public const int MasterKeyLength = 16;

    /// <summary>Salt in bytes: 14 with counter mode (RFC 3711 section 8.2), 12 with GCM (RFC 7714 section 12.1).</summary>
    public static int MasterSaltLength(this SrtpProfile profile) => profile == SrtpProfile.AeadAes128Gcm ? 12 : 14;
}
