using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;
using BuildIt.Sfu.Media.Sdp;
using BuildIt.Sfu.TestClient.Network;
using BuildIt.Sfu.TestClient.Statistics;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>One track coming in: its statistics, what it lacks, and whether it makes sense. Used on one loop.</summary>
internal sealed class ReceivedTrack
{
    private static readonly TimeSpan KeyFrameRequestInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan RoundTrip = TimeSpan.FromMilliseconds(30);

    private readonly ReceiveStatistics _statistics;
    private readonly NackGenerator? _missing;
    private readonly LatencyHistogram _latency;
    private readonly Instant _knownSince;
    private readonly Func<Instant> _readArrival;
    private FrameChecker? _checker;
    private SenderClock _clock;
    private Instant _firstPacket = Instant.Never;
    private Instant _lastPacket;
    private Instant _nextKeyFrameRequest;
    private long _bytes;
    private long _duplicates;
    private long _repaired;
    private long _nacks;
    private long _keyFrameRequests;

    /// <param name="section">Where it stands in the description.</param>
    /// <param name="ssrc">Its source.</param>
    /// <param name="knownSince">When the participant heard of it.</param>
    /// <param name="latency">Where delays are counted.</param>
    /// <param name="readArrival">When the packet being handled reached this machine.</param>
    public ReceivedTrack(RemoteSection section, Ssrc ssrc, Instant knownSince, LatencyHistogram latency, Func<Instant> readArrival)
    {
        Section = section;
        Ssrc = ssrc;
        _knownSince = knownSince;
        _latency = latency;
        _readArrival = readArrival;
        _statistics = new ReceiveStatistics(ssrc, section.Kind == MediaKind.Video ? 90_000 : 48_000);
        _missing = section.Kind == MediaKind.Video ? new NackGenerator() : null;
    }

    public RemoteSection Section { get; }

    public Ssrc Ssrc { get; }

    /// <summary>
    /// False where only some packets are decrypted: whole frames cannot be seen then, and to ask for key frames because of those
    /// that were not looked at would make publishers send little else.
    /// </summary>
    public bool ChecksFrames { get; init; } = true;

    /// <summary>Nothing is expected now: muted, hidden or paused by the node.</summary>
    public bool Paused { get; private set; }

    public Instant NextDeadline =>
        Instant.Min(
            _missing?.NextDeadline ?? Instant.Never,
            Instant.Min(_checker?.NextDeadline ?? Instant.Never, _checker is { KeyFrameNeeded: true } ? _nextKeyFrameRequest : Instant.Never));

    public void SetPaused(bool paused)
    {
        Paused = paused;
        _checker?.Pause();
    }

    /// <summary>The highest sequence number that has come; null before the first.</summary>
    public ushort? Latest => _statistics.HasStarted ? (ushort)_statistics.Highest : null;

    public void ClearGaps() => _checker?.ClearGaps();

    /// <summary>Takes a decrypted packet.</summary>
    public void Receive(in RtpPacketView packet, ExtensionMap extensions, bool repaired, Instant now)
    {
        if (!Note(packet, repaired, now, out var sequence))
        {
            return;
        }

        var capture = RtpHeaderExtensions.Read(packet, extensions).DataOf(ExtensionKind.AbsoluteCaptureTime, packet.Datagram);
        if (capture.Length >= 8 && !repaired)
        {
            _latency.Add(CaptureClock.Since(BinaryPrimitives.ReadUInt64BigEndian(capture), _readArrival()));
        }

        if (!ChecksFrames)
        {
            return;
        }

        _checker ??= new FrameChecker(Section.CodecOf(packet.PayloadType));
        if (!Paused)
        {
            _checker.Add(sequence, packet, now);
        }
        else
        {
            _checker.Add(sequence, packet, now);
            _checker.Pause();
        }
    }

    /// <summary>Counts a packet that is not decrypted.</summary>
    public void Count(in RtpPacketView packet, Instant now) => Note(packet, repaired: false, now, out _);

    public void OnSenderReport(in SenderInfo info, Instant now) => _clock = new SenderClock(info.Ntp, info.Timestamp, now);

    public bool TryTakeReport(Instant now, out ReportBlock block)
    {
        block = _statistics.HasStarted ? _statistics.TakeReport(_clock, now) : default;
        return _statistics.HasStarted;
    }

    /// <summary>Writes what is to be asked for now.</summary>
    public void TakeFeedback(ref RtcpWriter writer, Ssrc sender, Instant now)
    {
        if (_missing is not null)
        {
            Span<SequenceNumber> due = stackalloc SequenceNumber[64];
            var count = now >= _missing.NextDeadline ? _missing.TakeDue(now, RoundTrip, due) : 0;
            if (count > 0)
            {
                _nacks += writer.WriteNack(sender, Ssrc, due[..count]);
            }

            // What was given up is the checker's to notice: it sees whether a key frame has come meanwhile.
            _missing.TakeKeyFrameNeeded();
        }

        _checker?.HandleTimeout(now);
        if (_checker is { KeyFrameNeeded: true } && now >= _nextKeyFrameRequest && writer.WritePictureLoss(sender, Ssrc))
        {
            _nextKeyFrameRequest = now + KeyFrameRequestInterval;
            _keyFrameRequests++;
        }
    }

    public TrackStatistics Snapshot(Instant now)
    {
        var lastGap = _checker is null || Paused ? TimeSpan.Zero : _checker.CurrentGap(now);
        var frozen = lastGap > TimeSpan.FromSeconds(1) && lastGap > TimeSpan.Zero;
        return new TrackStatistics
        {
            TrackSid = Section.TrackSid,
            PublisherSid = Section.PublisherSid,
            Kind = Section.Kind,
            Packets = _statistics.Received,
            Bytes = _bytes,
            Lost = Math.Max(0, _statistics.Lost - (_missing?.MissingCount ?? 0)),
            Repaired = _repaired,
            Duplicates = _duplicates,
            Nacks = _nacks,
            KeyFrameRequests = _keyFrameRequests,
            Frames = _checker?.Frames ?? 0,
            KeyFrames = _checker?.KeyFrames ?? 0,
            ForeignFrames = _checker?.ForeignFrames ?? 0,
            Faults = _checker?.Faults ?? 0,
            FirstFault = _checker?.FirstFault ?? "",
            Freezes = (_checker?.Freezes ?? 0) + (frozen ? 1 : 0),
            LongestGap = _checker is null ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(_checker.LongestGap.Ticks, lastGap.Ticks)),
            TimeToFirstFrame = _checker is { } checker && checker.FirstFrame != Instant.Never ? checker.FirstFrame - _knownSince : null,
            Width = _checker?.Width ?? 0,
            Height = _checker?.Height ?? 0,
            LayerSwitches = _checker?.LayerSwitches ?? 0,
            Duration = _firstPacket == Instant.Never ? TimeSpan.Zero : _lastPacket - _firstPacket,
        };
    }

    private bool Note(in RtpPacketView packet, bool repaired, Instant now, out long sequence)
    {
        var highest = _statistics.HasStarted ? _statistics.Highest : -1;
        var arrival = _statistics.Receive(packet.SequenceNumber, packet.Timestamp, now, repaired, out sequence);
        switch (arrival)
        {
            case ArrivalKind.Duplicate:
                _duplicates++;
                return false;
            case ArrivalKind.Discarded:
                return false;
            case ArrivalKind.InOrder when highest >= 0:
                _missing?.OnAdvanced(highest, sequence, now);
                break;
            case ArrivalKind.Late:
                _missing?.OnLate(sequence);
                break;
        }

        _repaired += repaired ? 1 : 0;
        _bytes += packet.Datagram.Length;
        _lastPacket = now;
        if (_firstPacket == Instant.Never)
        {
            _firstPacket = now;
        }

        return true;
    }
}
