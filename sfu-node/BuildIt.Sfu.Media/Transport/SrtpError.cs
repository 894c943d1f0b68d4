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
