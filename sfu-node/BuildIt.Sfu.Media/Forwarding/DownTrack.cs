using System.Runtime.CompilerServices;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Units;

namespace BuildIt.Sfu.Media.Forwarding;

/// <summary>
/// One subscription: the outgoing stream made from one published track. The subscriber sees a single encoder: sequence numbers without
/// gaps other than real losses, timestamps that follow time, picture ids in order, whatever layers are switched, dropped or paused.
/// Holds no packets: retransmissions are made again from the publisher-side history. Used on one loop; allocates nothing per packet.
/// </summary>
public sealed class DownTrack
{
    private const int MaxRetransmissionsPerPacket = 8;
    private const int MinSequenceWindow = 64;

    // A probe needs a payload that a sender of media could have sent: 224 bytes is what libwebrtc pads with at most.
    private const byte MaxPadding = 224;
    private static readonly TimeSpan MinRetransmissionInterval = TimeSpan.FromMilliseconds(10);

    private readonly IncomingTrack _source;
    private readonly OutgoingPacketWriter _media;
    private readonly OutgoingPacketWriter? _rtx;
    private readonly SentPacketLog? _log;
    private readonly LayerSelector _selector;
    private readonly bool _isVideo;
    private SourceRewriter _current;
    private SourceRewriter _previous;
    private OutgoingPosition _last;
    private Instant _lastFrameSentAt;
    private ushort _rtxSequence;
    private long _firstUseful;
    private bool _lastEndedPicture;
    private bool _started;

    /// <summary>A subscription to <paramref name="source"/>. Nothing is sent before its first packet (video: its first key frame).</summary>
    public DownTrack(IncomingTrack source, DownTrackOptions options)
    {
        Options = options;
        _source = source;
        var codec = source.Options.Codec;
        _media = new OutgoingPacketWriter(options.Ssrc, options.PayloadType, codec, options.Extensions, options.Mid, options.UnwrapRed);
        if (options is { RtxSsrc: { } rtxSsrc, RtxPayloadType: { } rtxType })
            _rtx = new OutgoingPacketWriter(rtxSsrc, rtxType, codec, options.Extensions, options.Mid);
        if (options.RetransmissionWindow > 0)
            _log = new SentPacketLog(options.RetransmissionWindow);
        _selector = new LayerSelector(codec, source.IsSimulcast);
        _isVideo = codec.HasKeyFrames();
        var window = Math.Max(MinSequenceWindow, options.RetransmissionWindow);
        _current = new SourceRewriter(codec, window);
        _previous = source.IsSimulcast ? new SourceRewriter(codec, window) : _current;
        _last.Sequence = 0x1_0000L + options.FirstSequence - 1;
        Reports = new DownTrackReports(options.Ssrc, source.Options.ClockRate);
    }

    public DownTrackOptions Options { get; }

    /// <summary>Sender reports to the subscriber and what its receiver reports say.</summary>
    public DownTrackReports Reports { get; }

    /// <summary>The most the subscriber shall get.</summary>
    public LayerPair TargetLayers => _selector.Target;

    /// <summary>What it gets now.</summary>
    public LayerPair CurrentLayers => _selector.Current;

    /// <summary>Whether packets are forwarded now.</summary>
    public bool IsForwarding => _selector.Source >= 0;

    /// <summary>Packets sent again after NACKs.</summary>
    public long Retransmitted { get; private set; }

    /// <summary>Packets asked for by NACK that could not be sent again.</summary>
    public long RetransmissionsMissed { get; private set; }

    /// <summary>
    /// Sets the layers to reach: spatial down and up at the next suitable frame, temporal at the next frame.
    /// <see cref="LayerPair.None"/> pauses at once (mute, hidden tile, congestion).
    /// </summary>
    public void SetTarget(LayerPair target) => _selector.SetTarget(target);

    /// <summary>
    /// The highest layer the publisher sends now (simulcast or spatial); keep it up to date, so that the subscriber falls back when
    /// a layer stops. The target above it is remembered.
    /// </summary>
    public int HighestLayer
    {
        get => _selector.HighestLayer;
        set => _selector.HighestLayer = value;
    }

    /// <summary>The incoming layer from which a key frame is needed to reach the target; -1 when none is.</summary>
    public int LayerNeedingKeyFrame => _selector.LayerNeedingKeyFrame;

    /// <summary>
    /// False when <see cref="Forward"/> would do nothing with such a packet: it is of a layer that is not forwarded, and nothing begins with it.
    /// </summary>
    internal bool MayConcern(int layer, bool isInOrder, bool isKeyFrame) => layer == _selector.Source || isKeyFrame || !isInOrder || !_isVideo;

    /// <summary>Has the parts fetched into the cache that <see cref="Forward"/> will need.</summary>
    internal void FetchAhead()
    {
        CacheAhead.Fetch(_selector);
        CacheAhead.Fetch(_current);
        CacheAhead.Fetch(_log);
        CacheAhead.Fetch(_media);
        CacheAhead.Fetch(Reports);
    }

    /// <summary>
    /// Forwards a packet when the subscriber shall get it; returns the bytes handed to <paramref name="sink"/>, 0 when it was not sent.
    /// </summary>
    public int Forward(in IncomingPacket packet, IRtpSink sink, Instant now)
    {
        if (packet.Layer == _selector.Source && packet.Source != _current.Source)
            EndSource();
        var decision = _selector.Decide(packet, out var endsPicture);
        var rewriter = _current;
        if (decision is LayerDecision.Forward or LayerDecision.Drop)
        {
            decision = _current.PictureState(packet) switch
            {
                ContinuityState.Mapped => LayerDecision.Forward,
                ContinuityState.Dropped => LayerDecision.Drop,
                _ => decision,
            };
        }

        switch (decision)
        {
            case LayerDecision.Ignore:
                // A gap left by the layer before may still be filled after a switch, so that pictures in the making are completed.
                if (packet.IsInOrder || !IsLateOfPrevious(packet))
                    return 0;
                rewriter = _previous;
                if (!packet.IsPaddingOnly && rewriter.PictureState(packet) != ContinuityState.Dropped)
                    break;
                goto case LayerDecision.Drop;
            case LayerDecision.Drop:
                return rewriter.Drop(packet, out var hole) ? SendFiller(hole, rewriter, packet, sink, now) : 0;
            case LayerDecision.Switch:
                rewriter = StartSource(packet, now);
                break;
        }

        if (!rewriter.TryMap(packet, out var sequence, out var mapped))
            return 0;
        var destination = sink.Reserve(OutgoingPacketWriter.Capacity(packet.Rtp));
        if (destination.IsEmpty)
            return 0;
        return Send(packet, sequence, mapped, endsPicture, destination, sink, now);
    }

    /// <summary>
    /// Answers a NACK: sends again what is still remembered, at most once a round-trip time and eight times for each packet.
    /// Returns the bytes handed to <paramref name="sink"/>.
    /// </summary>
    /// <param name="sequences">What the subscriber misses.</param>
    /// <param name="sink">The subscriber's transport.</param>
    /// <param name="now">Current time.</param>
    /// <param name="budget">Bytes that may be sent; the packet that goes over it is the last one.</param>
    public int Retransmit(NackedSequences sequences, IRtpSink sink, Instant now, long budget = long.MaxValue)
    {
        var bytes = 0;
        foreach (var sequence in sequences)
        {
            if (bytes >= budget)
                break;
            bytes += RetransmitOne(sequence.Value, sink, now);
        }

        return bytes;
    }

    /// <summary>
    /// Sends one packet to measure the link: the last packet again over the retransmission stream, or else padding.
    /// Returns the bytes handed to <paramref name="sink"/>; 0 when nothing may be sent now.
    /// </summary>
    /// <param name="size">Bytes wanted; padding stays under 256, a repeated packet has the size it has.</param>
    /// <param name="sink">The subscriber's transport.</param>
    /// <param name="now">Current time.</param>
    public int WriteProbe(int size, IRtpSink sink, Instant now)
    {
        if (!_started)
            return 0;
        if (_rtx is not null && _log is not null && size > MaxPadding)
        {
            ref var entry = ref _log.Find((ushort)_last.Sequence);
            if (!Unsafe.IsNullRef(ref entry))
            {
                var sent = SendAgain(ref entry, SentPacketKind.Probe, sink, now);
                if (sent > 0)
                    return sent;
            }
        }

        return SendPadding(size, sink, now);
    }

    /// <summary>The next sender report (RFC 3550 section 6.4.1); false before anything was sent.</summary>
    public bool TryMakeSenderReport(Instant now, out SenderInfo info)
    {
        info = default;
        if (!_started)
            return false;
        var clock = _current.Source?.Clock ?? default;
        info = Reports.MakeSenderReport(clock, _current.TimestampOffset, _last.Timestamp, _lastFrameSentAt, now);
        return true;
    }

    private int Send(
        in IncomingPacket packet, long sequence, in SourceRewriter.Mapped mapped, bool endsPicture, Span<byte> destination, IRtpSink sink, Instant now)
    {
        var targets = packet.Facts.Has(PayloadFlags.DependencyDescriptor) ? _selector.ForwardedTargets(packet.Facts) : 0;
        var rewrite = new Rewrite
        {
            Sequence = (ushort)sequence,
            Timestamp = mapped.Timestamp.Value,
            Marker = endsPicture,
            PictureId = (ushort)mapped.Picture,
            Tl0PictureIndex = mapped.Tl0PictureIndex,
            ActiveTargets = targets,
        };
        var length = _media.Write(
            packet.Rtp, packet.Extensions, packet.Facts, rewrite, -1, destination, out var transportSequence, out var sendTime);
        if (_isVideo && EqualLengths.PaddingFor(length, sink.LastWaiting, endsPicture) is > 0 and var padding)
            length = RtpHeaderWriter.AddPadding(destination, length, (byte)padding);
        Advance(sequence, mapped, endsPicture, now);
        _log?.Add(sequence, new SentPacketLog.Entry
        {
            SourceSequence = (uint)packet.Sequence,
            Timestamp = rewrite.Timestamp,
            SentAt = (uint)now.Milliseconds,
            ActiveTargets = targets,
            PictureId = rewrite.PictureId,
            Tl0PictureIndex = rewrite.Tl0PictureIndex,
            Layer = (byte)packet.Layer,
            Marker = endsPicture,
        });
        sink.Commit(destination, length, new SentPacketInfo(_media.Ssrc, new((ushort)sequence), SentPacketKind.Media, transportSequence, sendTime));
        Reports.OnSent(Options.UnwrapRed ? RedPayload.Primary(packet.Rtp.Payload).Length : packet.Rtp.PayloadLength);
        return length;
    }

    private void Advance(long sequence, in SourceRewriter.Mapped mapped, bool endsPicture, Instant now)
    {
        if (sequence <= _last.Sequence)
            return;
        _last.Sequence = sequence;
        _lastEndedPicture = endsPicture;
        if (!_started || mapped.Timestamp.IsNewerThan(_last.Timestamp))
        {
            _last.Timestamp = mapped.Timestamp;
            _lastFrameSentAt = now;
        }

        _started = true;
        _last.Picture = Math.Max(_last.Picture, mapped.Picture);
        _last.Tl0PictureIndex = mapped.Tl0PictureIndex;
    }

    private bool IsLateOfPrevious(in IncomingPacket packet) =>
        _previous != _current && _previous.Source == packet.Source && !_selector.Target.IsNone && _previous.IsWithin(packet.Sequence);

    private void EndSource()
    {
        // The publisher's encoder restarted under a new SSRC: what is remembered of the old stream cannot be sent again.
        _log?.Clear();
        _selector.EndSource();
    }

    private SourceRewriter StartSource(in IncomingPacket packet, Instant now)
    {
        var timestamp = packet.Rtp.Timestamp;
        if (_started)
        {
            _last.Sequence = Math.Max(_last.Sequence, _current.HighestSequence);
            _last.Picture = Math.Max(_last.Picture, _current.HighestPicture);
            timestamp = NextTimestamp(packet, now);
        }

        // The link did not carry the higher layer: to send what was lost of it again would keep the key frame that follows from arriving.
        if (_started && packet.Layer < _current.Layer)
            _firstUseful = _last.Sequence + 1;
        if (_current.Layer != packet.Layer)
            (_current, _previous) = (_previous, _current);
        _current.Start(packet, _last, timestamp);
        return _current;
    }

    private RtpTimestamp NextTimestamp(in IncomingPacket packet, Instant now)
    {
        var old = _current.Source;
        // The same layer goes on after a pause: its own clock kept running.
        if (old == packet.Source && (packet.Rtp.Timestamp + _current.TimestampOffset).IsNewerThan(_last.Timestamp))
            return packet.Rtp.Timestamp + _current.TimestampOffset;
        return TimestampAligner.Align(
            packet.Rtp.Timestamp, packet.Source.Clock, old?.Clock ?? default, _current.TimestampOffset,
            _last.Timestamp, now - _lastFrameSentAt, _source.Options.ClockRate);
    }

    private int SendFiller(long sequence, SourceRewriter rewriter, in IncomingPacket packet, IRtpSink sink, Instant now)
    {
        var destination = sink.Reserve(OutgoingPacketWriter.MaxOverhead);
        if (destination.IsEmpty)
            return 0;
        var rewrite = new Rewrite
        {
            Sequence = (ushort)sequence,
            Timestamp = packet.Rtp.Timestamp.Value + rewriter.TimestampOffset,
            Marker = false,
        };
        var length = _media.WriteEmpty(rewrite, 0, destination, out var transportSequence, out var sendTime);
        sink.Commit(destination, length, new SentPacketInfo(_media.Ssrc, new((ushort)sequence), SentPacketKind.Media, transportSequence, sendTime));
        Reports.OnSent(0);
        return length;
    }

    private int RetransmitOne(ushort number, IRtpSink sink, Instant now)
    {
        if (_log is null)
            return 0;
        ref var entry = ref _log.Find(number);
        if (Unsafe.IsNullRef(ref entry))
        {
            RetransmissionsMissed++;
            return 0;
        }

        if (_last.Sequence - (ushort)((ushort)_last.Sequence - number) < _firstUseful)
            return 0;
        var interval = Reports.RoundTrip > MinRetransmissionInterval ? Reports.RoundTrip : MinRetransmissionInterval;
        if (entry.Retransmissions >= MaxRetransmissionsPerPacket || (entry.Retransmissions > 0 && entry.Age(now) < interval))
            return 0;
        var length = SendAgain(ref entry, SentPacketKind.Retransmission, sink, now);
        if (length == 0)
        {
            RetransmissionsMissed++;
            return 0;
        }

        entry.Retransmissions++;
        entry.SentAt = (uint)now.Milliseconds;
        Retransmitted++;
        return length;
    }

    private int SendAgain(ref SentPacketLog.Entry entry, SentPacketKind kind, IRtpSink sink, Instant now)
    {
        var layer = _source.Layer(entry.Layer);
        if (layer is null || !layer.Statistics.HasStarted)
            return 0;
        var highest = layer.Statistics.Highest;
        var sequence = highest - (int)((uint)highest - entry.SourceSequence);
        if (!layer.History.TryGet(sequence, out var packet, out var facts))
            return 0;
        var destination = sink.Reserve(OutgoingPacketWriter.Capacity(packet));
        if (destination.IsEmpty)
            return 0;

        var writer = _rtx ?? _media;
        var rewrite = new Rewrite
        {
            Sequence = _rtx is null ? entry.Number : _rtxSequence++,
            Timestamp = entry.Timestamp,
            Marker = entry.Marker,
            PictureId = entry.PictureId,
            Tl0PictureIndex = entry.Tl0PictureIndex,
            ActiveTargets = entry.ActiveTargets,
        };
        var found = RtpHeaderExtensions.Read(packet, _source.Extensions);
        var length = writer.Write(
            packet, found, facts, rewrite, _rtx is null ? -1 : entry.Number, destination, out var transportSequence, out var sendTime);
        sink.Commit(destination, length, new SentPacketInfo(writer.Ssrc, new(rewrite.Sequence), kind, transportSequence, sendTime));
        return length;
    }

    private int SendPadding(int size, IRtpSink sink, Instant now)
    {
        // On the media stream padding goes between pictures only, because it takes a sequence number there.
        if (_rtx is null && (!_lastEndedPicture || !IsForwarding))
            return 0;
        var destination = sink.Reserve(OutgoingPacketWriter.MaxOverhead + MaxPadding);
        if (destination.IsEmpty)
            return 0;
        var writer = _rtx ?? _media;
        ushort sequence;
        if (_rtx is not null)
        {
            sequence = _rtxSequence++;
        }
        else
        {
            _last.Sequence = _current.InsertSequence();
            sequence = (ushort)_last.Sequence;
        }

        var rewrite = new Rewrite { Sequence = sequence, Timestamp = _last.Timestamp.Value, Marker = false };
        var padding = (byte)Math.Clamp(size - RtpPacketView.FixedHeaderLength, 1, MaxPadding);
        var length = writer.WriteEmpty(rewrite, padding, destination, out var transportSequence, out var sendTime);
        sink.Commit(destination, length, new SentPacketInfo(writer.Ssrc, new(sequence), SentPacketKind.Probe, transportSequence, sendTime));
        if (_rtx is null)
            Reports.OnSent(0);
        return length;
    }
}
