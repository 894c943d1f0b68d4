using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;

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
public sealed class IncomingTrack
{
    /// <summary>Most simulcast layers of a track.</summary>
    public const int MaxLayers = 4;

    private static readonly TimeSpan MinLifetime = TimeSpan.FromSeconds(1);

    /// <summary>A stream that pauses for longer may have been followed by another one.</summary>
    private static readonly TimeSpan MaxPause = TimeSpan.FromMilliseconds(100);

    private readonly IncomingLayer?[] _layers = new IncomingLayer?[MaxLayers];

    // Where the streams stood that this track goes on with, until their first packet.
    private readonly (ReceiveStatistics? Statistics, SenderClock Clock)[] _before = new (ReceiveStatistics?, SenderClock)[MaxLayers];

    /// <param name="options">How it was negotiated.</param>
    /// <param name="extensions">The publisher's header extension ids.</param>
    /// <param name="before">
    /// The track as it was until now, when the publisher goes on in another codec: its streams keep their numbers, so that what comes
    /// late of them is still known to be late.
    /// </param>
    public IncomingTrack(IncomingTrackOptions options, ExtensionMap extensions, IncomingTrack? before = null)
    {
        Options = options;
        Extensions = extensions;
        for (var i = 0; before is not null && i < MaxLayers; i++)
        {
            var layer = before._layers[i];
            var clock = options.ClockRate == before.Options.ClockRate ? layer?.Clock ?? before._before[i].Clock : default;
            _before[i] = (layer?.Statistics ?? before._before[i].Statistics, clock);
        }
    }

    public IncomingTrackOptions Options { get; }

    /// <summary>The publisher's header extension ids.</summary>
    public ExtensionMap Extensions { get; }

    /// <summary>Layers that have sent something, by index; absent ones are null.</summary>
    public ReadOnlySpan<IncomingLayer?> Layers => _layers;

    /// <summary>True when the publisher sends several encodings; false for one stream, scalable or not.</summary>
    public bool IsSimulcast { get; init; }

    /// <summary>The layer with that index; null until its first packet.</summary>
    public IncomingLayer? Layer(int index) => (uint)index < MaxLayers ? _layers[index] : null;

    /// <summary>True when the packet is newer than all of its stream that came, or begins a stream where there is none.</summary>
    public bool IsNewest(in RtpPacketView packet, int layer, Instant now)
    {
        if ((uint)layer >= MaxLayers)
            return false;
        if (_layers[layer] is { } current && current.Ssrc != packet.Ssrc)
            return now - current.LastArrival > MaxPause;
        var known = _layers[layer]?.Statistics ?? _before[layer].Statistics;
        return known is null || known.Ssrc != packet.Ssrc || known.IsNewest(packet.SequenceNumber);
    }

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
            var (statistics, clock) = _before[layer].Statistics?.Ssrc == view.Ssrc ? _before[layer] : default;
            _before[layer] = default;
            _layers[layer] = incoming = new IncomingLayer(Options, layer, statistics ?? new ReceiveStatistics(view.Ssrc, Options.ClockRate), clock, now);
        }

        return incoming.TryAccept(view, found, false, now, out packet);
    }
}
