namespace BuildIt.Sfu.Media.Rtp;

/// <summary>Header extensions the node understands.</summary>
public enum ExtensionKind : byte
{
    /// <summary>Not negotiated or not known.</summary>
    None = 0,

    /// <summary>Media section id (RFC 8843 section 15.2).</summary>
    Mid,

    /// <summary>Restriction id of a simulcast encoding (RFC 8852).</summary>
    Rid,

    /// <summary>Restriction id of the encoding that a repair packet belongs to (RFC 8852).</summary>
    RepairedRid,

    /// <summary>Client-to-mixer audio level (RFC 6464).</summary>
    AudioLevel,

    /// <summary>Transport-wide sequence number (draft-holmer-rmcat-transport-wide-cc-extensions-01).</summary>
    TransportSequence,

    /// <summary>24-bit send time in 6.18 fixed point seconds.</summary>
    AbsoluteSendTime,

    /// <summary>NTP time of capture and the estimated clock offset.</summary>
    AbsoluteCaptureTime,

    /// <summary>AV1 dependency descriptor.</summary>
    DependencyDescriptor,

    /// <summary>Frame marking (RFC 9626).</summary>
    FrameMarking,

    /// <summary>Coordination of video orientation (3GPP TS 26.114).</summary>
    VideoOrientation,

    /// <summary>Minimum and maximum playout delay.</summary>
    PlayoutDelay,
}
