using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Relay;

/// <summary>
/// What packets between nodes look like: nothing of it is negotiated, because both ends are this program. A number that is given here
/// never changes its meaning, since nodes of two versions may share a room.
/// </summary>
internal static class RelayFormats
{
    // None from 64 to 95: with the marker bit set they look like RTCP (RFC 5761 section 4).
    private static readonly Dictionary<string, (byte Type, byte Repair)> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["AV1"] = (45, 46),
        ["H265"] = (49, 50),
        ["red"] = (63, 113),
        ["VP8"] = (96, 97),
        ["VP9"] = (98, 99),
        ["H264"] = (102, 103),
        ["opus"] = (111, 112),
    };

    /// <summary>Ids of the header extensions that travel between nodes. What is not among them is of one hop only.</summary>
    private static readonly (byte Id, ExtensionKind Kind)[] Ids =
    [
        (1, ExtensionKind.TransportSequence),
        (2, ExtensionKind.AudioLevel),
        (3, ExtensionKind.DependencyDescriptor),
        (4, ExtensionKind.AbsoluteCaptureTime),
        (5, ExtensionKind.VideoOrientation),
        (6, ExtensionKind.PlayoutDelay),
        (7, ExtensionKind.FrameMarking),
    ];

    /// <summary>Whether an encoding in this codec can go to another node.</summary>
    public static bool Knows(string codec) => Types.ContainsKey(codec);

    /// <summary>Payload types of a codec and of its retransmissions.</summary>
    public static (byte Type, byte Repair) PayloadTypesOf(string codec) => Types[codec];

    public static ExtensionMap MakeExtensions()
    {
        var map = new ExtensionMap();
        foreach (var (id, kind) in Ids)
        {
            map.TryAdd(id, kind);
        }

        return map;
    }

    /// <summary>How an encoding comes from another node; null when nothing is known of its codecs.</summary>
    public static IncomingFormat? Of(RelayEncoding encoding, bool isVideo)
    {
        NegotiatedCodec[] codecs =
        [
            .. encoding.Codecs.Where(codec => Knows(codec.Name) && codec.ClockRate is > 0 and <= 384_000).Select(codec => new NegotiatedCodec
            {
                Name = codec.Name,
                PayloadType = PayloadTypesOf(codec.Name).Type,
                RtxPayloadType = isVideo ? PayloadTypesOf(codec.Name).Repair : null,
                ClockRate = codec.ClockRate,
                Channels = codec.Channels,
                Nack = true,
                Pli = true,
            }),
        ];
        return codecs.Length == 0 || encoding.Streams.Count == 0
            ? null
            : new IncomingFormat { IsVideo = isVideo, Codecs = codecs, IsSimulcast = encoding.Streams.Count > 1 };
    }
}
