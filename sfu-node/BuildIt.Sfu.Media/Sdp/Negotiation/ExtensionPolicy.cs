namespace BuildIt.Sfu.Media.Sdp.Negotiation;

/// <summary>Which header extensions a section carries, by kind and by whether the node receives or sends there.</summary>
internal static class ExtensionPolicy
{
    /// <summary>
    /// Ids of the node's own offers. They are the ones Chromium gives, so that a description is easy to compare with its own.
    /// </summary>
    private static readonly SdpExtension[] OfferedAudio =
    [
        new(1, HeaderExtensionUris.AudioLevel),
        new(2, HeaderExtensionUris.AbsSendTime),
        new(3, HeaderExtensionUris.TransportCc),
        new(4, HeaderExtensionUris.Mid),
        new(13, HeaderExtensionUris.AbsCaptureTime),
    ];

    private static readonly SdpExtension[] OfferedVideo =
    [
        new(2, HeaderExtensionUris.AbsSendTime),
        new(3, HeaderExtensionUris.TransportCc),
        new(4, HeaderExtensionUris.Mid),
        new(12, HeaderExtensionUris.DependencyDescriptor),
        new(13, HeaderExtensionUris.AbsCaptureTime),
    ];

    public static IReadOnlyList<SdpExtension> OfferFor(MediaKind kind) => kind == MediaKind.Audio ? OfferedAudio : OfferedVideo;

    /// <summary>
    /// What of the offered extensions is answered, with the offer's ids (RFC 8285 section 5). Every one the node knows, whichever
    /// way media flows here: a browser offers in later sections only what the connection has agreed on, and would then
    /// be without the RID that its simulcast needs.
    /// </summary>
    public static IReadOnlyList<SdpExtension> Select(SdpMedia offer)
    {
        var selected = new List<SdpExtension>();
        foreach (var extension in offer.Extensions)
        {
            if (IsKnown(extension.Uri, offer.Kind) && !selected.Exists(other => other.Uri == extension.Uri || other.Id == extension.Id))
            {
                selected.Add(new SdpExtension(extension.Id, extension.Uri));
            }
        }

        return selected;
    }

    private static bool IsKnown(string uri, MediaKind kind) => uri switch
    {
        HeaderExtensionUris.Mid
            or HeaderExtensionUris.AbsCaptureTime
            or HeaderExtensionUris.AbsSendTime
            or HeaderExtensionUris.TransportCc => true,
        HeaderExtensionUris.AudioLevel => kind == MediaKind.Audio,
        HeaderExtensionUris.Rid
            or HeaderExtensionUris.RepairedRid
            or HeaderExtensionUris.DependencyDescriptor
            or HeaderExtensionUris.FrameMarking => kind == MediaKind.Video,
        _ => false,
    };
}
