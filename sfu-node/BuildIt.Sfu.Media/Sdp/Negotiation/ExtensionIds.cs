namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>Names of the header extensions the node understands.</summary>
public static class HeaderExtensionUris
{
    /// <summary>RFC 9143 section 15.</summary>
    public const string Mid = "urn:ietf:params:rtp-hdrext:sdes:mid";

    /// <summary>RFC 8852 section 3.1.</summary>
    public const string Rid = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";

    /// <summary>RFC 8852 section 3.2.</summary>
    public const string RepairedRid = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";

    /// <summary>RFC 6464.</summary>
    public const string AudioLevel = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

    public const string AbsSendTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";

    public const string TransportCc = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

    public const string DependencyDescriptor = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

    public const string AbsCaptureTime = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";

    public const string FrameMarking = "urn:ietf:params:rtp-hdrext:framemarking";
}

/// <summary>Negotiated ids of header extensions in one section; 0 when not negotiated.</summary>
public readonly record struct ExtensionIds
{
    public byte Mid { get; init; }

    public byte Rid { get; init; }

    public byte RepairedRid { get; init; }

    public byte AudioLevel { get; init; }

    public byte AbsSendTime { get; init; }

    public byte TransportCc { get; init; }

    public byte DependencyDescriptor { get; init; }

    public byte AbsCaptureTime { get; init; }

    public byte FrameMarking { get; init; }

    public static ExtensionIds From(IReadOnlyList<SdpExtension> extensions)
    {
        ArgumentNullException.ThrowIfNull(extensions);
        var ids = default(ExtensionIds);
        foreach (var extension in extensions)
        {
            ids = extension.Uri switch
            {
                HeaderExtensionUris.Mid => ids with { Mid = extension.Id },
                HeaderExtensionUris.Rid => ids with { Rid = extension.Id },
                HeaderExtensionUris.RepairedRid => ids with { RepairedRid = extension.Id },
                HeaderExtensionUris.AudioLevel => ids with { AudioLevel = extension.Id },
                HeaderExtensionUris.AbsSendTime => ids with { AbsSendTime = extension.Id },
                HeaderExtensionUris.TransportCc => ids with { TransportCc = extension.Id },
                HeaderExtensionUris.DependencyDescriptor => ids with { DependencyDescriptor = extension.Id },
                HeaderExtensionUris.AbsCaptureTime => ids with { AbsCaptureTime = extension.Id },
                HeaderExtensionUris.FrameMarking => ids with { FrameMarking = extension.Id },
                _ => ids,
            };
        }

        return ids;
    }
}
