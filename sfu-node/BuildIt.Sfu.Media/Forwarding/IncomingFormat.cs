using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>How an encoding comes in, whoever sends it and however that was agreed.</summary>
internal sealed record IncomingFormat
{
    public required bool IsVideo { get; init; }

    /// <summary>What the sender may change between; it begins with the first. At least one.</summary>
    public required IReadOnlyList<NegotiatedCodec> Codecs { get; init; }

    /// <summary>True when there are several streams, one for each layer.</summary>
    public required bool IsSimulcast { get; init; }

    /// <summary>Names of the streams (RFC 8851) in the sender's order; empty where they have none.</summary>
    public IReadOnlyList<string> Rids { get; init; } = [];
}
