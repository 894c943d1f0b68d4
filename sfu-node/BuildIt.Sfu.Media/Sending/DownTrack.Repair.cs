using System.Runtime.CompilerServices;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>
/// What a <see cref="DownTrack"/> sends again. With a repair stream (RFC 4588) packets are made again from the publisher-side history,
/// under a new number of that stream; without one they go out again as the bytes they were.
/// </summary>
public sealed partial class DownTrack
{
    private const int MaxRetransmissionsPerPacket = 8;

    /// <summary>A quarter of a second of any sound; more of speech.</summary>
    private const int MaxAudioBytes = 32 * 1024;

    private const int MaxVideoBytes = 1024 * 1024;

    // A probe needs a payload that a sender of media could have sent: 224 bytes is what libwebrtc pads with at most.
    private const byte MaxPadding = 224;
    private static readonly TimeSpan MinRetransmissionInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Packets sent again after NACKs.</summary>
    public long Retransmitted { get; private set; }

    /// <summary>Packets asked for by NACK that could not be sent again.</summary>
    public long RetransmissionsMissed { get; private set; }

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
            bytes += _protected is null ? MakeAgain(sequence.Value, sink, now) : SendAgain(sequence.Value, sink, now);
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
                var sent = MakeAgain(ref entry, _rtx, SentPacketKind.Probe, sink, now);
                if (sent > 0)
                    return sent;
            }
        }

        return SendPadding(size, sink, now);
    }

    private void UseLogs(DownTrackOptions options)
    {
        var window = options.RetransmissionWindow;
        if (window == 0 || _rtx is null)
            _log = null;
        else
            _log ??= new SentPacketLog(window);
        if (window == 0 || _rtx is not null)
            _protected = null;
        else
            _protected ??= new ProtectedPacketLog(window, _isVideo ? MaxVideoBytes : MaxAudioBytes);
    }

    /// <summary>Sends a packet again as it was.</summary>
    private int SendAgain(ushort number, IRtpSink sink, Instant now)
    {
        ref var entry = ref _protected!.Find(number);
        if (Unsafe.IsNullRef(ref entry))
        {
            RetransmissionsMissed++;
            return 0;
        }

        if (!MayRepeat(number, entry.Retransmissions, entry.SentAt, now))
            return 0;
        var sent = sink.Resend(_protected.PacketOf(entry));
        if (sent == 0)
        {
            RetransmissionsMissed++;
            return 0;
        }

        entry.Retransmissions++;
        entry.SentAt = (uint)now.Milliseconds;
        Retransmitted++;
        return sent;
    }

    private int MakeAgain(ushort number, IRtpSink sink, Instant now)
    {
        if (_log is null || _rtx is null)
            return 0;
        ref var entry = ref _log.Find(number);
        if (Unsafe.IsNullRef(ref entry))
        {
            RetransmissionsMissed++;
            return 0;
        }

        if (!MayRepeat(number, entry.Retransmissions, entry.SentAt, now))
            return 0;
        var length = MakeAgain(ref entry, _rtx, SentPacketKind.Retransmission, sink, now);
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

    private bool MayRepeat(ushort number, byte times, uint sentAt, Instant now)
    {
        if (_last.Sequence - (ushort)((ushort)_last.Sequence - number) < _firstUseful)
            return false;
        var interval = Reports.RoundTrip > MinRetransmissionInterval ? Reports.RoundTrip : MinRetransmissionInterval;
        return times < MaxRetransmissionsPerPacket && (times == 0 || TimeSpan.FromMilliseconds((uint)now.Milliseconds - sentAt) >= interval);
    }

    private int MakeAgain(ref SentPacketLog.Entry entry, OutgoingPacketWriter writer, SentPacketKind kind, IRtpSink sink, Instant now)
    {
        var layer = _source.Layer(Options.OnlyLayer ?? entry.Layer);
        if (layer is null || !layer.Statistics.HasStarted)
            return 0;
        var highest = layer.Statistics.Highest;
        var sequence = highest - (int)((uint)highest - entry.SourceSequence);
        if (!layer.History.TryGet(sequence, out var packet, out var facts))
            return 0;
        var destination = sink.Reserve(OutgoingPacketWriter.Capacity(packet));
        if (destination.IsEmpty)
            return 0;

        var index = TakeRepairIndex();
        var rewrite = new Rewrite
        {
            Sequence = index.Sequence.Value,
            Timestamp = entry.Timestamp,
            Marker = entry.Marker,
            PictureId = entry.PictureId,
            Tl0PictureIndex = entry.Tl0PictureIndex,
            ActiveTargets = entry.ActiveTargets,
        };
        var found = RtpHeaderExtensions.Read(packet, _source.Extensions);
        var length = writer.Write(packet, found, facts, rewrite, entry.Number, destination, out var transportSequence, out var sendTime);
        return sink.Commit(destination, length, new SentPacketInfo(writer.Ssrc, index, kind, transportSequence, sendTime)) > 0 ? length : 0;
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
        PacketIndex index;
        if (_rtx is not null)
        {
            index = TakeRepairIndex();
        }
        else
        {
            _last.Sequence = _current.InsertSequence();
            index = IndexOf(_last.Sequence);
        }

        var rewrite = new Rewrite { Sequence = index.Sequence.Value, Timestamp = _last.Timestamp.Value, Marker = false };
        var padding = (byte)Math.Clamp(size - RtpPacketView.FixedHeaderLength, 1, MaxPadding);
        var length = writer.WriteEmpty(rewrite, padding, destination, out var transportSequence, out var sendTime);
        if (sink.Commit(destination, length, new SentPacketInfo(writer.Ssrc, index, SentPacketKind.Probe, transportSequence, sendTime)) == 0)
            return 0;
        if (_rtx is null)
            Reports.OnSent(0);
        return length;
    }

    private PacketIndex TakeRepairIndex()
    {
        var index = _rtxIndex;
        _rtxIndex += 1;
        return index;
    }
}
