using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rooms;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.Media.Sdp.Negotiation;

namespace BuildIt.Sfu.Media.Connections;

/// <summary>
/// What one peer connection receives: routes each packet to the encoding it belongs to, and reports back to the client
/// (receiver reports, NACK, key frame requests, transport-wide feedback). Used on one loop.
/// </summary>
internal sealed class IncomingMedia
{
    /// <summary>RFC 3550 section 6.2 allows more; a second keeps round-trip times fresh.</summary>
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private const int MaxNacksPerRound = 64;

    /// <summary>Room for all that one layer may have to say at a time: NACKs of packets that lie far apart, and a request for a key frame.</summary>
    private const int MaxRepairBytes = 12 + 4 * MaxNacksPerRound + 20;

    private readonly PeerConnection _connection;
    private readonly ExtensionMap _extensions = new();
    private readonly RtpDemultiplexer _demultiplexer;
    private readonly TransportFeedbackGenerator _feedback;
    private readonly Ssrc _ssrc;
    private readonly List<PublicationEncoding?> _slots = [];
    private Instant _nextReport = Instant.Never;
    private Instant _nextRepair = Instant.Never;
    private byte _fullIntraNumber;

    /// <param name="connection">What it comes over.</param>
    /// <param name="ssrc">Who reports.</param>
    /// <param name="maxSources">Most SSRCs that are told apart.</param>
    public IncomingMedia(PeerConnection connection, Ssrc ssrc, int maxSources = RtpDemultiplexer.MaxSsrcs)
    {
        _connection = connection;
        _ssrc = ssrc;
        _demultiplexer = new RtpDemultiplexer(_extensions, maxSources);
        _feedback = new TransportFeedbackGenerator(ssrc);
    }

    /// <summary>Round trip to the client, by which lost packets are asked for again.</summary>
    public TimeSpan RoundTrip { get; set; } = TimeSpan.FromMilliseconds(100);

    public IEnumerable<PublicationEncoding> Encodings => _slots.OfType<PublicationEncoding>();

    /// <summary>Takes over the ids of a section's header extensions; they mean the same in the whole connection (RFC 8843 section 8).</summary>
    public void AddExtensions(in ExtensionIds ids)
    {
        _extensions.TryAdd(ids.Mid, ExtensionKind.Mid);
        _extensions.TryAdd(ids.Rid, ExtensionKind.Rid);
        _extensions.TryAdd(ids.RepairedRid, ExtensionKind.RepairedRid);
        _extensions.TryAdd(ids.AudioLevel, ExtensionKind.AudioLevel);
        _extensions.TryAdd(ids.AbsSendTime, ExtensionKind.AbsoluteSendTime);
        _extensions.TryAdd(ids.TransportCc, ExtensionKind.TransportSequence);
        _extensions.TryAdd(ids.DependencyDescriptor, ExtensionKind.DependencyDescriptor);
        _extensions.TryAdd(ids.AbsCaptureTime, ExtensionKind.AbsoluteCaptureTime);
        _extensions.TryAdd(ids.FrameMarking, ExtensionKind.FrameMarking);
    }

    /// <summary>Starts receiving an encoding in a negotiated section.</summary>
    public void Add(PublicationEncoding encoding, NegotiatedSection section, Instant now) =>
        Route(encoding, section, Start(encoding, FormatOf(section), now));

    /// <summary>Starts receiving an encoding of which every stream is known by its SSRC.</summary>
    public void Add(PublicationEncoding encoding, IncomingFormat format, IEnumerable<RelayStream> streams, Instant now)
    {
        var slot = Start(encoding, format, now);
        foreach (var stream in streams.Where(stream => stream.Layer < IncomingTrack.MaxLayers))
        {
            var number = StreamOf(slot, Math.Max(0, stream.Layer));
            _demultiplexer.AddSsrc(new Ssrc(stream.Source), number, isRepair: false);
            if (stream.RepairSource != 0)
            {
                _demultiplexer.AddSsrc(new Ssrc(stream.RepairSource), number, isRepair: true);
            }
        }
    }

    /// <summary>Ids of header extensions that need not be agreed.</summary>
    public void AddExtension(byte id, ExtensionKind kind) => _extensions.TryAdd(id, kind);

    public void Remove(PublicationEncoding encoding)
    {
        var slot = _slots.IndexOf(encoding);
        if (slot < 0)
        {
            return;
        }

        _slots[slot] = null;
        _demultiplexer.RemoveStreams(StreamOf(slot, 0), IncomingTrack.MaxLayers);
    }

    /// <summary>Takes one RTP packet; true when it is one to forward.</summary>
    public bool TryAccept(Span<byte> datagram, Instant now, out PublicationEncoding encoding, out IncomingPacket packet)
    {
        encoding = null!;
        packet = default;
        if (!RtpPacketView.TryParse(datagram, out var view))
        {
            return false;
        }

        var found = RtpHeaderExtensions.Read(view, _extensions);
        if (found.TryGetTransportSequence(datagram, out var sequence))
        {
            _feedback.OnPacket(sequence, view.Ssrc, now);
        }

        if (!_demultiplexer.TryRoute(view, found, out var route) || SlotOf(route) is not { } owner)
        {
            return false;
        }

        if (_nextReport == Instant.Never)
        {
            _nextReport = now + ReportInterval;
        }

        encoding = owner;
        var layer = route.Stream % IncomingTrack.MaxLayers;
        if (!route.IsRepair)
        {
            owner.FollowCodec(view, layer, now);
        }

        var track = owner.Incoming!;
        var accepted = track.TryAccept(datagram, view, found, layer, route.IsRepair, now, out packet);
        if (track.Layer(layer) is { } stream)
        {
            Note(stream);
        }

        return accepted;
    }

    /// <summary>Takes a sender report of the client.</summary>
    public void HandleSenderReport(in SenderInfo info, Instant now)
    {
        if (_demultiplexer.TryFind(info.Sender, out var route) && SlotOf(route) is { Incoming: { } track })
        {
            track.Layer(route.Stream % IncomingTrack.MaxLayers)?.HandleSenderReport(info, now);
        }
    }

    /// <summary>
    /// When <see cref="Flush"/> has something to send, at the latest: what a layer wants may have been fulfilled since. Asked for after each
    /// packet, and so not by looking at every layer.
    /// </summary>
    public Instant NextDeadline => Instant.Min(_feedback.NextDeadline, Instant.Min(_nextReport, _nextRepair));

    /// <summary>A layer may want something sooner than before.</summary>
    public void Note(IncomingLayer layer) => _nextRepair = Instant.Min(_nextRepair, layer.NextDeadline);

    /// <summary>Sends what is due.</summary>
    public void Flush(Instant now)
    {
        if (_feedback.NextDeadline <= now)
        {
            SendFeedback(now);
        }

        if (Instant.Min(_nextReport, _nextRepair) <= now)
        {
            SendReports(now);
        }
    }

    private PublicationEncoding? SlotOf(RtpRoute route) =>
        (uint)(route.Stream / IncomingTrack.MaxLayers) < (uint)_slots.Count ? _slots[route.Stream / IncomingTrack.MaxLayers] : null;

    private int Start(PublicationEncoding encoding, IncomingFormat format, Instant now)
    {
        var slot = _slots.IndexOf(null);
        if (slot < 0)
        {
            slot = _slots.Count;
            _slots.Add(null);
        }

        _slots[slot] = encoding;
        encoding.Start(format, _extensions, now);
        return slot;
    }

    private static IncomingFormat FormatOf(NegotiatedSection section) => new()
    {
        IsVideo = section.Kind == MediaKind.Video,
        Codecs = section.Codecs,
        IsSimulcast = section.Rids.Count > 1 || section.RemoteSources.Count > 1,
        Rids = section.Rids,
    };

    private static int StreamOf(int slot, int layer) => slot * IncomingTrack.MaxLayers + layer;

    private void Route(PublicationEncoding encoding, NegotiatedSection section, int slot)
    {
        RtpIdentifier.TryParse(section.Mid, out var mid);
        if (section.Rids.Count == 0)
        {
            _demultiplexer.AddStream(StreamOf(slot, 0), mid);
        }

        for (var i = 0; i < section.Rids.Count; i++)
        {
            if (RtpIdentifier.TryParse(section.Rids[i], out var rid))
            {
                _demultiplexer.AddStream(StreamOf(slot, encoding.LayerOfRid(section.Rids[i])), mid, rid);
            }
        }

        // Sources in the order of the SIM group are layers from low to high; with rids the rids tell.
        for (var i = 0; section.Rids.Count == 0 && i < section.RemoteSources.Count && i < IncomingTrack.MaxLayers; i++)
        {
            var source = section.RemoteSources[i];
            _demultiplexer.AddSsrc(new Ssrc(source.Ssrc), StreamOf(slot, i), isRepair: false);
            if (source.RepairSsrc is { } repair)
            {
                _demultiplexer.AddSsrc(new Ssrc(repair), StreamOf(slot, i), isRepair: true);
            }
        }

        foreach (var codec in section.Codecs)
        {
            _demultiplexer.AddPayloadType(codec.PayloadType, StreamOf(slot, 0), isRepair: false);
            if (codec.RtxPayloadType is { } rtx)
            {
                _demultiplexer.AddPayloadType(rtx, StreamOf(slot, 0), isRepair: true);
            }
        }
    }

    private void SendFeedback(Instant now)
    {
        Span<byte> buffer = stackalloc byte[TransportFeedbackWriter.MaxLength];
        int length;

        // A stretch of nothing but losses gives no report although more is due.
        while ((length = _feedback.TakeDue(now, buffer)) > 0 || _feedback.NextDeadline <= now)
        {
            if (length > 0)
            {
                _connection.Transport.SendRtcp(buffer[..length]);
            }
        }
    }

    private void SendReports(Instant now)
    {
        Span<byte> buffer = stackalloc byte[1200];
        var writer = new RtcpWriter(buffer);
        var reports = now >= _nextReport;
        if (reports)
        {
            WriteReceiverReports(ref writer, now);
            _nextReport = now + ReportInterval;
        }

        _nextRepair = Instant.Never;
        foreach (var encoding in _slots)
        {
            foreach (var layer in encoding is { Incoming: { } track } ? track.Layers : default)
            {
                if (layer is not null)
                {
                    Repair(layer, encoding!, ref writer, now);
                    Note(layer);
                }
            }
        }

        Send(ref writer);
    }

    /// <summary>
    /// Reports on every stream. One report holds 31 blocks at most; others follow it, in the same datagram while there is room
    /// (RFC 3550 section 6.1).
    /// </summary>
    private void WriteReceiverReports(ref RtcpWriter writer, Instant now)
    {
        Span<ReportBlock> blocks = stackalloc ReportBlock[RtcpWriter.MaxReportBlocks];
        var count = 0;
        var reported = false;
        foreach (var encoding in _slots)
        {
            foreach (var layer in encoding is { Incoming: { } track } ? track.Layers : default)
            {
                if (layer is not { Statistics.HasStarted: true })
                {
                    continue;
                }

                if (count == blocks.Length)
                {
                    WriteReport(ref writer, blocks);
                    count = 0;
                    reported = true;
                }

                blocks[count++] = layer.Statistics.TakeReport(layer.Clock, now);
            }
        }

        if (count > 0 || !reported)
        {
            WriteReport(ref writer, blocks[..count]);
        }
    }

    private void WriteReport(ref RtcpWriter writer, scoped ReadOnlySpan<ReportBlock> blocks)
    {
        MakeRoom(ref writer, 8 + blocks.Length * ReportBlock.Length);
        writer.WriteReceiverReport(_ssrc, blocks);
    }

    /// <summary>Sends what was written when so much more would not fit.</summary>
    private void MakeRoom(ref RtcpWriter writer, int length)
    {
        if (writer.Available < length)
        {
            Send(ref writer);
        }
    }

    private void Send(ref RtcpWriter writer)
    {
        if (writer.Length > 0)
        {
            _connection.Transport.SendRtcp(writer.Written);
            writer.Clear();
        }
    }

    private void Repair(IncomingLayer layer, PublicationEncoding encoding, ref RtcpWriter writer, Instant now)
    {
        MakeRoom(ref writer, MaxRepairBytes);
        if (layer.Nacks is { } nacks && nacks.NextDeadline <= now)
        {
            Span<SequenceNumber> due = stackalloc SequenceNumber[MaxNacksPerRound];
            var count = nacks.TakeDue(now, RoundTrip, due);
            writer.WriteNack(_ssrc, layer.Ssrc, due[..count]);
            if (count > 0)
            {
                _connection.Counters.OnNackSent();
            }

            if (nacks.TakeKeyFrameNeeded() && encoding.CodecKind.HasKeyFrames())
            {
                layer.KeyFrames.Want();
            }
        }

        if (layer.KeyFrames.NextDeadline <= now && !encoding.IsUsed(layer.Index))
        {
            layer.KeyFrames.Cancel();
        }

        if (layer.KeyFrames.TakeDue(now))
        {
            _connection.Counters.OnPictureLossSent();
            if (encoding.Codec is { Pli: false, Fir: true })
            {
                writer.WriteFullIntraRequest(_ssrc, layer.Ssrc, _fullIntraNumber++);
            }
            else
            {
                writer.WritePictureLoss(_ssrc, layer.Ssrc);
            }
        }
    }
}
