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

/// <summary>The URIs under which the kinds are negotiated in SDP.</summary>
public static class ExtensionUris
{
    private static readonly (ExtensionKind Kind, string Uri)[] Known =
    [
        (ExtensionKind.Mid, "urn:ietf:params:rtp-hdrext:sdes:mid"),
        (ExtensionKind.Rid, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
        (ExtensionKind.RepairedRid, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
        (ExtensionKind.AudioLevel, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
        (ExtensionKind.TransportSequence, "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"),
        (ExtensionKind.AbsoluteSendTime, "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"),
        (ExtensionKind.AbsoluteCaptureTime, "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"),
        (ExtensionKind.DependencyDescriptor, "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"),
        (ExtensionKind.FrameMarking, "urn:ietf:params:rtp-hdrext:framemarking"),
        (ExtensionKind.VideoOrientation, "urn:3gpp:video-orientation"),
        (ExtensionKind.PlayoutDelay, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"),
    ];

    /// <summary>The kind negotiated under <paramref name="uri"/>; <see cref="ExtensionKind.None"/> when the node does not know it.</summary>
    public static ExtensionKind KindOf(string uri)
    {
        foreach (var (kind, known) in Known)
        {
            if (string.Equals(known, uri, StringComparison.Ordinal))
                return kind;
        }

        return ExtensionKind.None;
    }

    /// <summary>The URI of <paramref name="kind"/>; empty for <see cref="ExtensionKind.None"/>.</summary>
    public static string UriOf(ExtensionKind kind)
    {
        foreach (var (known, uri) in Known)
        {
            if (known == kind)
                return uri;
        }

        return "";
    }
}
