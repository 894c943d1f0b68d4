namespace BuildIt.Sfu.Media.Codecs;

/// <summary>Payload formats the node tells apart. Everything else is forwarded as <see cref="Opaque"/>.</summary>
public enum CodecKind : byte
{
    /// <summary>A payload of which nothing is read: one layer, every packet forwarded.</summary>
    Opaque = 0,
    Opus,

    /// <summary>Redundant audio (RFC 2198), passed through whole.</summary>
    Red,
    Vp8,
    Vp9,
    H264,
    Av1,
}

/// <summary>Properties of the codecs that the forwarding rules depend on.</summary>
public static class CodecKinds
{
    /// <summary>The kind of an SDP encoding name ("VP8"); <see cref="CodecKind.Opaque"/> when it is not one the node reads.</summary>
    public static CodecKind FromEncodingName(string name) => name.ToUpperInvariant() switch
    {
        "OPUS" => CodecKind.Opus,
        "RED" => CodecKind.Red,
        "VP8" => CodecKind.Vp8,
        "VP9" => CodecKind.Vp9,
        "H264" => CodecKind.H264,
        "AV1" => CodecKind.Av1,
        _ => CodecKind.Opaque,
    };

    /// <summary>True for the codecs in which decoding starts only at a key frame the node can recognise.</summary>
    public static bool HasKeyFrames(this CodecKind codec) => codec is CodecKind.Vp8 or CodecKind.Vp9 or CodecKind.H264 or CodecKind.Av1;
}
