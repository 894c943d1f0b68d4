using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.TestClient.Negotiation;

/// <summary>The header extensions that the client takes part in: those the node understands.</summary>
internal static class KnownExtensions
{
    /// <summary>What is negotiated under <paramref name="uri"/>; <see cref="ExtensionKind.None"/> for what the client leaves alone.</summary>
    public static ExtensionKind KindOf(string uri) => uri switch
    {
        HeaderExtensionUris.Mid => ExtensionKind.Mid,
        HeaderExtensionUris.Rid => ExtensionKind.Rid,
        HeaderExtensionUris.RepairedRid => ExtensionKind.RepairedRid,
        HeaderExtensionUris.AudioLevel => ExtensionKind.AudioLevel,
        HeaderExtensionUris.TransportCc => ExtensionKind.TransportSequence,
        HeaderExtensionUris.AbsSendTime => ExtensionKind.AbsoluteSendTime,
        HeaderExtensionUris.AbsCaptureTime => ExtensionKind.AbsoluteCaptureTime,
        HeaderExtensionUris.DependencyDescriptor => ExtensionKind.DependencyDescriptor,
        HeaderExtensionUris.FrameMarking => ExtensionKind.FrameMarking,
        _ => ExtensionKind.None,
    };
}
