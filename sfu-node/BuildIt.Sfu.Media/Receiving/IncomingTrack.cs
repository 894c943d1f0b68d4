using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>How a published track was negotiated.</summary>
public sealed record IncomingTrackOptions
{
    public required CodecKind Codec { get; init; }

    /// <summary>Ticks a second: 90 000 for video, 48 000 for Opus.</summary>
    public required int ClockRate { get; init; }

    public required byte PayloadType { get; init; }

    /// <summary>Payload type of retransmissions (RFC 4588); null when not negotiated.</summary>
    public byte? RtxPayloadType { get; init; }

    /// <summary>Whether lost packets are asked for again.</summary>
    public bool Nack { get; init; }

    /// <summary>Most bytes each layer keeps for retransmissions.</summary>
    public int HistoryBytes { get; init; } = 1 << 20;
}

/// <summary>
/// A published track in one codec, with its one to three simulcast layers. Turns datagrams that the demultiplexer routed to it into
/// <see cref="IncomingPacket"/>s. Used on one loop; allocates only when a layer is first seen.
/// </summary>
public sealed class IncomingTrack(IncomingTrackOptions options, ExtensionMap extensions)
{
    /// <summary>Most simulcast layers of a track.</summary>
    public const int MaxLayers = 4;

    private static readonly TimeSpan MinLifetime = TimeSpan.FromSeconds(1);

    private readonly IncomingLayer?[] _layers = new IncomingLayer?[MaxLayers];

    public IncomingTrackOptions Options { get; } = options;

    /// <summary>The publisher's header extension ids.</summary>
    public ExtensionMap Extensions { get; } = extensions;

    /// <summary>Layers that have sent something, by index; absent ones are null.</summary>
    public ReadOnlySpan<IncomingLayer?> Layers => _layers;

    /// <summary>True when the publisher sends several encodings; false for one stream, scalable or not.</summary>
    public bool IsSimulcast { get; init; }

    /// <summary>The layer with that index; null until its first packet.</summary>
    public IncomingLayer? Layer(int index) => (uint)index < MaxLayers ? _layers[index] : null;

    /// <summary>
    /// Takes a packet of layer <paramref name="layer"/>. False when it brings nothing to forward: a duplicate, another payload type,
    /// a malformed descriptor, or a retransmission that repeats nothing. The datagram is changed in place for retransmissions.
    /// </summary>
    /// <param name="datagram">The decrypted packet.</param>
    /// <param name="view">The packet as parsed for routing.</param>
    /// <param name="found">Its extensions.</param>
    /// <param name="layer">0 to 3, as registered with the demultiplexer.</param>
    /// <param name="isRepair">Whether the demultiplexer found it to be a retransmission.</param>
    /// <param name="now">Arrival.</param>
    /// <param name="packet">The packet to forward, valid as long as the datagram.</param>
    public bool TryAccept(
        Span<byte> datagram, scoped in RtpPacketView view, scoped in RtpHeaderExtensions found, int layer, bool isRepair, Instant now, out IncomingPacket packet)
    {
        packet = default;
        if ((uint)layer >= MaxLayers)
            return false;
        var incoming = _layers[layer];
        if (isRepair)
        {
            // Nothing can be repaired before the stream itself was seen.
            if (incoming is null || view.PayloadType != Options.RtxPayloadType
                || !RtxPacket.TryDecapsulate(datagram, view, Options.PayloadType, incoming.Ssrc, out var original)
                || !RtpPacketView.TryParse(original, out var repaired))
                return false;
            return incoming.TryAccept(repaired, RtpHeaderExtensions.Read(repaired, Extensions), true, now, out packet);
        }

        if (view.PayloadType != Options.PayloadType)
            return false;
        if (incoming is null || incoming.Ssrc != view.Ssrc)
        {
            // A new SSRC on a known layer is a restarted encoder: everything about the old stream is void. Rarely enough to be one.
            if (incoming is not null && now - incoming.StartedAt < MinLifetime)
                return false;
            _layers[layer] = incoming = new IncomingLayer(Options, layer, view.Ssrc, now);
        }

        return incoming.TryAccept(view, found, false, now, out packet);
    }
}
