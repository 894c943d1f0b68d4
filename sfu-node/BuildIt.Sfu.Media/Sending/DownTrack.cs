using System.Diagnostics.CodeAnalysis;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Transport;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>
/// One subscription: the outgoing stream made from one published track. The subscriber sees a single encoder: sequence numbers without
/// gaps other than real losses, timestamps that follow time, picture ids in order, whatever layers are switched, dropped or paused, and
/// whatever source the stream goes on with. An index is given out once (<see cref="PacketIndex"/>).
/// Used on one loop; allocates nothing per packet.
/// </summary>
public sealed partial class DownTrack
{
    private const int MinSequenceWindow = 64;

    // Widened numbers begin one circle up, so that none is negative.
    private const long FirstCircle = 0x1_0000;

    private IncomingTrack _source;
    private OutgoingPacketWriter _media;
    private OutgoingPacketWriter? _rtx;
    private SentPacketLog? _log;
    private ProtectedPacketLog? _protected;
    private LayerSelector _selector;
    private bool _isVideo;
    private bool _isSimulcast;
    private SourceRewriter _current;
    private SourceRewriter _previous;
    private OutgoingPosition _last;
    private (IncomingLayer? Layer, uint TimestampOffset) _before;
    private Instant _lastFrameSentAt;
    private PacketIndex _rtxIndex;
    private long _firstUseful;
    private bool _lastEndedPicture;
    private bool _started;

    /// <summary>A subscription to <paramref name="source"/>. Nothing is sent before its first packet (video: its first key frame).</summary>
    public DownTrack(IncomingTrack source, DownTrackOptions options)
    {
        Options = options;
        Reports = new DownTrackReports(options.Ssrc, source.Options.ClockRate);
        _last.Sequence = FirstCircle + options.FirstSequence - 1;
        _rtxIndex = new PacketIndex(options.FirstSequence);
        UseOptions(source.Options.Codec, options);
        UseSource(source);
    }

    /// <summary>How the stream is sent now.</summary>
    public DownTrackOptions Options { get; private set; }

    /// <summary>Sender reports to the subscriber and what its receiver reports say.</summary>
    public DownTrackReports Reports { get; }

    /// <summary>The most the subscriber shall get.</summary>
    public LayerPair TargetLayers => _selector.Target;

    /// <summary>What it gets now.</summary>
    public LayerPair CurrentLayers => _selector.Current;

    /// <summary>Whether packets are forwarded now.</summary>
    public bool IsForwarding => _selector.Source >= 0;

    /// <summary>
    /// Goes on with another source: another encoding of the track, another codec, the same track from elsewhere. Numbers and time go on
    /// where they are, and so do the layers to reach; the stream waits for the source's first packet (video: its first key frame).
    /// </summary>
    /// <param name="source">Where packets come from now on.</param>
    /// <param name="options">How they are sent; the SSRCs are those the stream has.</param>
    public void SetSource(IncomingTrack source, DownTrackOptions options)
    {
        if (source == _source && options == Options)
            return;
        if (options.Ssrc != Options.Ssrc)
            throw new ArgumentException("A stream keeps its SSRC: make another DownTrack for another one.", nameof(options));
        Options = options;
        UseOptions(source.Options.Codec, options);
        if (source == _source)
            return;
        var (target, codec, clockRate) = (_selector.Target, _source.Options.Codec, _source.Options.ClockRate);
        if (_started)
        {
            _last.Sequence = Math.Max(_last.Sequence, _current.HighestSequence);
            _last.Picture = codec == source.Options.Codec ? Math.Max(_last.Picture, _current.HighestPicture) : 0;
        }

        // Clocks of different rates have no common timeline: time then goes on by arrival.
        _before = clockRate != source.Options.ClockRate ? default : _current.Source is { } layer ? (layer, _current.TimestampOffset) : _before;
        UseSource(source);
        _selector.SetTarget(target);
        Reports.ClockRate = source.Options.ClockRate;
    }

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

    /// <summary>Whether the subscriber gets this incoming layer, or a key frame of it is needed.</summary>
    public bool Uses(int layer) => _selector.Source == layer || _selector.LayerNeedingKeyFrame == layer;

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
        CacheAhead.Fetch(_protected);
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

        // What lies so far back may not be sent any more (RFC 3711 section 3.3.2), and nobody would take it.
        if (!rewriter.TryMap(packet, out var sequence, out var mapped) || sequence <= _last.Sequence - ISrtpSession.Window)
            return 0;
        var destination = sink.Reserve(OutgoingPacketWriter.Capacity(packet.Rtp));
        if (destination.IsEmpty)
            return 0;
        return Send(packet, sequence, mapped, endsPicture, destination, sink, now);
    }

    /// <summary>The next sender report (RFC 3550 section 6.4.1); false before anything was sent.</summary>
    public bool TryMakeSenderReport(Instant now, out SenderInfo info)
    {
        info = default;
        // After a change of source the next report waits for its first packet: the node's own clock would be a jump.
        if (!_started || _current.Source is null)
            return false;
        var clock = _current.Source.Clock;
        info = Reports.MakeSenderReport(clock, _current.TimestampOffset, _last.Timestamp, _lastFrameSentAt, now);
        return true;
    }

    [MemberNotNull(nameof(_media))]
    private void UseOptions(CodecKind codec, DownTrackOptions options)
    {
        _isVideo = codec.HasKeyFrames();
        _media = new OutgoingPacketWriter(options.Ssrc, options.PayloadType, codec, options.Extensions, options.Mid, options.UnwrapRed);
        _rtx = options is { RtxSsrc: { } ssrc, RtxPayloadType: { } type }
            ? new OutgoingPacketWriter(ssrc, type, codec, options.Extensions, options.Mid)
            : null;
        UseLogs(options);
    }

    [MemberNotNull(nameof(_source), nameof(_selector), nameof(_current), nameof(_previous))]
    private void UseSource(IncomingTrack source)
    {
        // What is remembered of another source's packets cannot be made again; what was kept encrypted can be sent again.
        _log?.Clear();
        _source = source;
        var codec = source.Options.Codec;
        _isSimulcast = source.IsSimulcast && Options.OnlyLayer is null;
        _selector = new LayerSelector(codec, _isSimulcast);
        var window = Math.Max(MinSequenceWindow, Options.RetransmissionWindow);
        _current = new SourceRewriter(codec, window);
        _previous = _isSimulcast ? new SourceRewriter(codec, window) : _current;
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
        var sent = sink.Commit(
            destination, length, new SentPacketInfo(_media.Ssrc, IndexOf(sequence), SentPacketKind.Media, transportSequence, sendTime));
        if (sent == 0)
            return 0;
        _protected?.Add(sequence, destination[..sent], now);
        Reports.OnSent(Options.UnwrapRed ? RedPayload.Primary(packet.Rtp.Payload).Length : packet.Rtp.PayloadLength);
        return length;
    }

    private static PacketIndex IndexOf(long sequence) => new((ulong)(sequence - FirstCircle));

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
        _last.Picture = mapped.Picture == 0 ? _last.Picture : mapped.Picture;
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

            // The rest of a picture that was left in its middle is lost to the subscriber, who has to see that.
            if (_isVideo && !_lastEndedPicture)
                _last.Sequence++;
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
        var (old, offset) = _current.Source is { } source ? (source, _current.TimestampOffset) : _before;
        // The same layer goes on after a pause: its own clock kept running.
        if (old == packet.Source && (packet.Rtp.Timestamp + offset).IsNewerThan(_last.Timestamp))
            return packet.Rtp.Timestamp + offset;
        return TimestampAligner.Align(
            packet.Rtp.Timestamp, packet.Source.Clock, old?.Clock ?? default, offset,
            _last.Timestamp, now - _lastFrameSentAt, _source.Options.ClockRate);
    }

    private int SendFiller(long sequence, SourceRewriter rewriter, in IncomingPacket packet, IRtpSink sink, Instant now)
    {
        var destination = sink.Reserve(OutgoingPacketWriter.MaxOverhead);
        if (destination.IsEmpty || sequence <= _last.Sequence - ISrtpSession.Window)
            return 0;
        var rewrite = new Rewrite
        {
            Sequence = (ushort)sequence,
            Timestamp = packet.Rtp.Timestamp.Value + rewriter.TimestampOffset,
            Marker = false,
        };
        var length = _media.WriteEmpty(rewrite, 0, destination, out var transportSequence, out var sendTime);
        if (sink.Commit(destination, length, new SentPacketInfo(_media.Ssrc, IndexOf(sequence), SentPacketKind.Media, transportSequence, sendTime)) == 0)
            return 0;
        Reports.OnSent(0);
        return length;
    }
}
