using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.TestClient.Negotiation;

/// <summary>Codecs and header extensions of a headless participant, under the ids that Chromium uses.</summary>
internal static class ClientCapabilities
{
    private static readonly string[] VideoFeedback = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"];

    /// <summary>What is sent: the clips' codecs.</summary>
    public static IReadOnlyList<SdpCodec> SentAudio { get; } = [Audio(111, "opus", "minptime=10;useinbandfec=1")];

    public static IReadOnlyList<SdpCodec> SentVideo { get; } = [Video(96, "VP8", ""), Repair(97, 96)];

    /// <summary>What is taken from others; only VP8 and Opus are looked into.</summary>
    public static IReadOnlyList<SdpCodec> ReceivedAudio { get; } = [.. SentAudio, Audio(63, "red", "111/111")];

    public static IReadOnlyList<SdpCodec> ReceivedVideo { get; } =
    [
        .. SentVideo,
        Video(98, "VP9", "profile-id=0"),
        Repair(99, 98),
        Video(125, "H264", "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"),
        Repair(107, 125),
    ];

    public static IReadOnlyList<SdpExtension> AudioExtensions { get; } =
    [
        new(1, HeaderExtensionUris.AudioLevel),
        new(3, HeaderExtensionUris.TransportCc),
        new(4, HeaderExtensionUris.Mid),
        new(13, HeaderExtensionUris.AbsCaptureTime),
    ];

    public static IReadOnlyList<SdpExtension> VideoExtensions { get; } =
    [
        new(3, HeaderExtensionUris.TransportCc),
        new(4, HeaderExtensionUris.Mid),
        new(10, HeaderExtensionUris.Rid),
        new(11, HeaderExtensionUris.RepairedRid),
        new(13, HeaderExtensionUris.AbsCaptureTime),
    ];

    public static bool Receives(SdpCodec codec, IReadOnlyList<SdpCodec> offered) =>
        codec.AssociatedPayloadType is { } original
            ? offered.Any(other => other.PayloadType == original && Knows(other))
            : Knows(codec);

    private static bool Knows(SdpCodec codec) => codec.Is("VP8") || codec.Is("opus") || codec.Is("red") || codec.Is("VP9") || codec.Is("H264");

    private static SdpCodec Audio(byte payloadType, string name, string parameters) =>
        new() { PayloadType = payloadType, Name = name, ClockRate = 48000, Channels = 2, Parameters = parameters, Feedback = ["transport-cc"] };

    private static SdpCodec Video(byte payloadType, string name, string parameters) =>
        new() { PayloadType = payloadType, Name = name, ClockRate = 90000, Parameters = parameters, Feedback = VideoFeedback };

    private static SdpCodec Repair(byte payloadType, byte repaired) =>
        new() { PayloadType = payloadType, Name = "rtx", ClockRate = 90000, Parameters = $"apt={repaired}" };
}
