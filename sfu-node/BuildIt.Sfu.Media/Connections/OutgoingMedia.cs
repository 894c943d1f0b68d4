using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;
using BuildIt.Sfu.Media.Forwarding;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp.Negotiation;
using BuildIt.Sfu.Media.Sending;

namespace BuildIt.Sfu.Media.Connections;

/// <summary>
/// What one peer connection sends: its outgoing streams, their sender reports, and the receiver's feedback on them.
/// Used on one loop.
/// </summary>
internal sealed class OutgoingMedia(PeerConnection connection, TrackRouter router, BandwidthEstimatorOptions? link = null) : IRtpSink
{
    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<uint, OutgoingStream> _bySource = [];
    private readonly List<OutgoingStream> _streams = [];
    private ushort _transportSequence;
    private Instant _nextReport = Instant.Never;

    /// <summary>SSRCs of this connection.</summary>
    public SsrcSequence Ssrcs { get; } = new(router.NextRandom());

    /// <summary>The subscriber's header extension ids.</summary>
    public ExtensionMap Extensions { get; private set; } = new();

    /// <summary>RTP bytes sent, as they were sent.</summary>
    public long BytesSent { get; private set; }

    public long PacketsSent { get; private set; }

    public PeerConnection Connection => connection;

    public IReadOnlyList<OutgoingStream> Streams => _streams;

    public LinkBudget Link { get; } = new(router.Now, link);

    /// <summary>
    /// When <see cref="Flush"/> has something to send to the millisecond. Reports and the search for more rate are not worth waking for:
    /// its owner calls several times a second anyway.
    /// </summary>
    public Instant NextDeadline => _streams.Count == 0 ? Instant.Never : Link.NextProbePacket;

    /// <summary>Whether the client reports on packets one by one.</summary>
    public bool HasTransportFeedback => Extensions.Has(ExtensionKind.TransportSequence);

    public void AddExtensions(in ExtensionIds ids)
    {
        Extensions.TryAdd(ids.Mid, ExtensionKind.Mid);
        Extensions.TryAdd(ids.AudioLevel, ExtensionKind.AudioLevel);
        Extensions.TryAdd(ids.AbsSendTime, ExtensionKind.AbsoluteSendTime);
        Extensions.TryAdd(ids.TransportCc, ExtensionKind.TransportSequence);
        Extensions.TryAdd(ids.DependencyDescriptor, ExtensionKind.DependencyDescriptor);
        Extensions.TryAdd(ids.AbsCaptureTime, ExtensionKind.AbsoluteCaptureTime);
    }

    /// <summary>Takes ids of header extensions that need not be agreed.</summary>
    public void UseExtensions(ExtensionMap extensions) => Extensions = extensions;

    public void Add(OutgoingStream stream)
    {
        _streams.Add(stream);
        _bySource[stream.Source] = stream;
        if (stream.RepairSource is { } repair)
        {
            _bySource[repair] = stream;
        }

        if (_nextReport == Instant.Never)
        {
            _nextReport = router.Now + ReportInterval;
        }
    }

    /// <summary>Sends the stream nothing for now.</summary>
    public void Remove(OutgoingStream stream)
    {
        _streams.Remove(stream);
        _bySource.Remove(stream.Source);
        if (stream.RepairSource is { } repair)
        {
            _bySource.Remove(repair);
        }
    }

    /// <summary>The stream is over: its SSRCs are never used again on this connection.</summary>
    public void End(OutgoingStream stream)
    {
        connection.Transport.EndStream(new Ssrc(stream.Source));
        if (stream.RepairSource is { } repair)
        {
            connection.Transport.EndStream(new Ssrc(repair));
        }
    }

    public int LastWaiting => connection.Transport.LastWaitingRtp;

    public Span<byte> Reserve(int capacity) => connection.Transport.ReserveRtp(capacity);

    public int Commit(Span<byte> packet, int length, in SentPacketInfo info)
    {
        if (info.TransportSequenceOffset > 0)
        {
            BinaryPrimitives.WriteUInt16BigEndian(packet[info.TransportSequenceOffset..], _transportSequence);
            Link.OnSent(_transportSequence++, length, info.Kind, router.Now);
        }

        if (info.Kind == SentPacketKind.Retransmission)
        {
            connection.Counters.OnRetransmitted();
            Link.OnRetransmitted(length);
        }

        if (info.AbsoluteSendTimeOffset > 0)
        {
            // 6.18 fixed point seconds, 24 bits.
            var time = (uint)((router.Now.Microseconds << 18) / 1_000_000);
            packet[info.AbsoluteSendTimeOffset] = (byte)(time >> 16);
            BinaryPrimitives.WriteUInt16BigEndian(packet[(info.AbsoluteSendTimeOffset + 1)..], (ushort)time);
        }

        var sent = connection.Transport.CommitRtp(packet, length, info.Index);
        BytesSent += sent;
        PacketsSent += sent > 0 ? 1 : 0;
        return sent;
    }

    public int Resend(ReadOnlySpan<byte> sent)
    {
        if (!connection.Transport.SendProtectedRtp(sent))
        {
            return 0;
        }

        connection.Counters.OnRetransmitted();
        Link.OnRetransmitted(sent.Length);
        return sent.Length;
    }

    /// <summary>Takes one packet of a compound that the client sent about what it receives.</summary>
    public void HandleFeedback(in RtcpPacketView packet, Instant now)
    {
        if (Link.TryHandle(packet, now))
        {
            return;
        }

        if (packet.IsNack)
        {
            connection.Counters.OnNackReceived();
            if (FeedbackHead.TryRead(packet, out var nack) && _bySource.TryGetValue(nack.Media.Value, out var stream))
            {
                stream.Down?.Retransmit(new NackedSequences(packet), this, now, Link.RetransmissionBudget(now));
            }
        }
        else if (packet.IsPictureLoss)
        {
            connection.Counters.OnPictureLossReceived();
            if (FeedbackHead.TryRead(packet, out var loss) && _bySource.TryGetValue(loss.Media.Value, out var stream))
            {
                stream.OnPictureLost();
            }
        }
        else if (packet.IsFullIntraRequest)
        {
            connection.Counters.OnPictureLossReceived();
            foreach (var media in new FullIntraRequests(packet))
            {
                if (_bySource.TryGetValue(media.Value, out var stream))
                {
                    stream.OnPictureLost();
                }
            }
        }
        else if (packet.Type is RtcpType.ReceiverReport or RtcpType.SenderReport)
        {
            foreach (var block in new ReportBlocks(packet))
            {
                if (_bySource.TryGetValue(block.Source.Value, out var stream))
                {
                    HandleReport(stream, block, now);
                }
            }
        }
    }

    /// <summary>Sends the probes and sender reports that are due.</summary>
    public void Flush(Instant now)
    {
        if (_streams.Count > 0)
        {
            Link.HandleTimeout(_streams, this, now);
        }

        if (now >= _nextReport)
        {
            _nextReport = _streams.Count == 0 ? Instant.Never : now + ReportInterval;
            SendReports(now);
        }
    }

    private void SendReports(Instant now)
    {
        Span<byte> buffer = stackalloc byte[1200];
        var writer = new RtcpWriter(buffer);
        foreach (var stream in _streams)
        {
            if (stream.Down is { } down && down.TryMakeSenderReport(now, out var info))
            {
                if (writer.Available < 128)
                {
                    connection.Transport.SendRtcp(buffer[..writer.Length]);
                    writer = new RtcpWriter(buffer);
                }

                writer.WriteSenderReport(info, []);
                writer.WriteCanonicalName(info.Sender, stream.CanonicalName);
            }
        }

        if (writer.Length > 0)
        {
            connection.Transport.SendRtcp(buffer[..writer.Length]);
        }
    }

    private void HandleReport(OutgoingStream stream, in ReportBlock block, Instant now)
    {
        if (stream.Down is not { } down)
        {
            return;
        }

        var before = down.Reports.PacketsSent;
        down.Reports.HandleReport(block, now);
        var expected = (int)Math.Clamp(before - stream.Reported, 0, 10_000);
        stream.Reported = before;
        Link.OnReceiverReport(down.Reports.FractionLost, expected, down.Reports.RoundTrip, now);
    }
}
