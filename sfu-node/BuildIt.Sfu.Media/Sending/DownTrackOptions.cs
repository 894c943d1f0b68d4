using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>How one subscription was negotiated with the subscriber.</summary>
public sealed record DownTrackOptions
{
    public required Ssrc Ssrc { get; init; }

    public required byte PayloadType { get; init; }

    /// <summary>Stream for retransmissions and probes (RFC 4588); null when not negotiated.</summary>
    public Ssrc? RtxSsrc { get; init; }

    public byte? RtxPayloadType { get; init; }

    /// <summary>
    /// True for a subscriber that does not know redundant audio (RFC 2198): only the newest block of each packet is sent, under the
    /// inner codec's payload type. Never for tracks that are encrypted end to end, whose payload nobody in between may change.
    /// </summary>
    public bool UnwrapRed { get; init; }

    /// <summary>
    /// The simulcast layer that is the whole of the stream, when it is one of several that carry a track: what is given to the stream is
    /// of that layer then and numbered 0. Null for a stream that chooses among the layers.
    /// </summary>
    public int? OnlyLayer { get; init; }

    /// <summary>The subscriber's header extension ids.</summary>
    public required ExtensionMap Extensions { get; init; }

    /// <summary>Media section id, sent in every packet when its extension was negotiated.</summary>
    public RtpIdentifier Mid { get; init; }

    /// <summary>Packets that can be retransmitted; a power of two, 0 for none.</summary>
    public int RetransmissionWindow { get; init; } = 512;

    /// <summary>First sequence number sent; random for the sake of encryption (RFC 3550 section 5.1), kept under 32768.</summary>
    public ushort FirstSequence { get; init; } = 1;
}
