using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>
/// One incoming stream of a track: a simulcast layer, or the only stream of an audio or scalable track. Used on one loop.
/// </summary>
public sealed class IncomingLayer
{
    private const int MaxSpatial = 4;
    private const int MaxTemporal = 4;

    private readonly PayloadInspector _inspector;
    private readonly RateMeter[] _rates = new RateMeter[MaxSpatial * MaxTemporal];
    private RateMeter _total;

    internal IncomingLayer(IncomingTrackOptions options, int index, ReceiveStatistics statistics, in SenderClock clock, Instant now)
    {
        Index = index;
        StartedAt = now;
        Statistics = statistics;
        Statistics.UseClockRate(options.ClockRate);
        Clock = clock;
        Nacks = options.Nack ? new NackGenerator() : null;
        KeyFrames = new KeyFrameRequester(index == 0 ? KeyFrameRequester.LowLayerInterval : KeyFrameRequester.HighLayerInterval);
        History = new PacketHistory(options.HistoryBytes);
        _inspector = new PayloadInspector(options.Codec);
    }

    /// <summary>0 is the lowest.</summary>
    public int Index { get; }

    public Ssrc Ssrc => Statistics.Ssrc;

    public ReceiveStatistics Statistics { get; }

    /// <summary>Null when retransmission was not negotiated.</summary>
    public NackGenerator? Nacks { get; }

    /// <summary>Key frame requests to the publisher for this layer.</summary>
    public KeyFrameRequester KeyFrames { get; }

    /// <summary>The layer's last packets, shared by all subscribers' retransmissions.</summary>
    public PacketHistory History { get; }

    /// <summary>The publisher's clock as its last sender report gave it.</summary>
    public SenderClock Clock { get; private set; }

    /// <summary>When the layer's first packet arrived.</summary>
    public Instant StartedAt { get; }

    /// <summary>When the last packet arrived; <see cref="Instant.Zero"/> before the first.</summary>
    public Instant LastArrival { get; private set; }

    /// <summary>When something is to be asked of the publisher for it; <see cref="Instant.Never"/> when nothing is.</summary>
    public Instant NextDeadline => Instant.Min(KeyFrames.NextDeadline, Nacks?.NextDeadline ?? Instant.Never);

    /// <summary>Media received over the last second, all contained layers together.</summary>
    public DataRate Rate(Instant now) => _total.RateAt(now);

    /// <summary>
    /// Media received over the last second in spatial and temporal layers up to those given: what forwarding them would send.
    /// </summary>
    public DataRate RateUpTo(int spatial, int temporal, Instant now)
    {
        var rate = DataRate.Zero;
        for (var s = 0; s <= Math.Min(spatial, MaxSpatial - 1); s++)
        {
            for (var t = 0; t <= Math.Min(temporal, MaxTemporal - 1); t++)
                rate += _rates[s * MaxTemporal + t].RateAt(now);
        }

        return rate;
    }

    public void HandleSenderReport(in SenderInfo info, Instant now)
    {
        if (info.Sender == Ssrc && info.Ntp.Value != 0)
            Clock = new SenderClock(info.Ntp, info.Timestamp, now);
    }

    internal bool TryAccept(
        RtpPacketView packet, scoped in RtpHeaderExtensions extensions, bool repaired, Instant now, out IncomingPacket accepted)
    {
        accepted = default;
        var started = Statistics.HasStarted;
        var highest = Statistics.Highest;
        var kind = Statistics.Receive(packet.SequenceNumber, packet.Timestamp, now, repaired, out var sequence);
        if (kind is ArrivalKind.Duplicate or ArrivalKind.Discarded)
            return false;

        LastArrival = now;
        KeyFrames.OnHeard();
        if (kind == ArrivalKind.Late)
            Nacks?.OnLate(sequence);
        else if (started)
            Nacks?.OnAdvanced(highest, sequence, now);

        accepted.Rtp = packet;
        accepted.Extensions = extensions;
        accepted.Sequence = sequence;
        accepted.Source = this;
        accepted.Layer = Index;
        accepted.IsInOrder = kind == ArrivalKind.InOrder;
        accepted.Arrival = now;
        if (accepted.IsPaddingOnly)
            return true;
        if (!_inspector.TryInspect(packet, extensions, out accepted.Facts))
        {
            if (_inspector.Codec.HasKeyFrames())
                KeyFrames.Want();
            return false;
        }

        if (accepted.Facts.IsKeyFrame)
        {
            KeyFrames.OnKeyFrame();
            Nacks?.OnKeyFrame(sequence);
        }

        _total.Add(packet.Datagram.Length, now);
        var spatial = Math.Min(accepted.Facts.SpatialLayer, (byte)(MaxSpatial - 1));
        var temporal = Math.Min(accepted.Facts.TemporalLayer, (byte)(MaxTemporal - 1));
        _rates[spatial * MaxTemporal + temporal].Add(packet.Datagram.Length, now);
        History.Add(sequence, packet.Datagram, accepted.Facts, now);
        return true;
    }
}
