using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Tests.Rooms;

/// <summary>
/// One incoming stream of a model client as a decoder's input stage sees it: asks for what is missing, completes frames in
/// order, and notes every fault that a decoder would suffer from.
/// </summary>
internal sealed class ModelReceiver(string trackSid, bool isAudio, bool repairs, Ssrc ssrc, Ssrc? repair)
{
    /// <summary>A frame that misses packets for so long is given up, and a key frame asked for.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(600);

    private readonly ReceiveStatistics _statistics = new(ssrc, isAudio ? 48_000 : 90_000);
    private readonly NackGenerator _nacks = new();
    private readonly Dictionary<long, byte[]> _waiting = [];
    private long _next = -1;
    private Instant _blockedSince = Instant.Never;
    private Instant _lastFrame = Instant.Never;
    private bool _needsKeyFrame = true;
    private Instant _lastPictureLoss;
    private bool _broken;
    private int _picture = -1;
    private uint _timestamp;
    private int _part;
    private int _parts;
    private SenderClock _clock;

    public string TrackSid => trackSid;

    public Ssrc Ssrc => ssrc;

    public Ssrc? RepairSsrc => repair;

    public bool IsAudio => isAudio;

    public long Bytes { get; private set; }

    /// <summary>Of the last sound.</summary>
    public byte PayloadType { get; private set; }

    /// <summary>The last sound as it came.</summary>
    public byte[] Payload { get; private set; } = [];

    public long Frames { get; private set; }

    /// <summary>Layer of the newest frame; -1 before the first.</summary>
    public int Layer { get; private set; } = -1;

    public int LayerChanges { get; private set; }

    public long RepairedPackets { get; private set; }

    public List<string> Faults { get; } = [];

    public TimeSpan LongestGap { get; set; }

    /// <summary>Packets that wait for a missing one: bounded, or a receiver would grow without limit.</summary>
    public int MostWaiting { get; private set; }

    public long Packets => _statistics.Received;

    /// <summary>Packets that have not come.</summary>
    public long Lost => _statistics.Lost;

    public void OnSenderReport(in SenderInfo info, Instant now) => _clock = new SenderClock(info.Ntp, info.Timestamp, now);

    public ReportBlock TakeReport(Instant now) => _statistics.TakeReport(_clock, now);

    /// <summary>A gap from here on is meant (hidden, paused), and no freeze.</summary>
    public void ExpectGap() => _lastFrame = Instant.Never;

    public void Receive(Span<byte> bytes, in RtpPacketView packet, bool repaired, Instant now)
    {
        Bytes += bytes.Length;
        var started = _statistics.HasStarted;
        var highest = _statistics.Highest;
        var kind = _statistics.Receive(packet.SequenceNumber, packet.Timestamp, now, repaired, out var sequence);
        if (kind is ArrivalKind.Duplicate or ArrivalKind.Discarded)
        {
            return;
        }

        RepairedPackets += repaired ? 1 : 0;
        if (kind == ArrivalKind.Late)
        {
            _nacks.OnLate(sequence);
        }
        else if (started)
        {
            _nacks.OnAdvanced(highest, sequence, now);
        }

        if (isAudio)
        {
            (PayloadType, Payload) = (packet.PayloadType, packet.Payload.ToArray());
            Complete(now);
            return;
        }

        _next = _next < 0 ? sequence : _next;
        if (sequence >= _next)
        {
            _waiting[sequence] = bytes.ToArray();
            MostWaiting = Math.Max(MostWaiting, _waiting.Count);
            Advance(now);
        }
    }

    /// <summary>Writes NACK and PLI as they are due.</summary>
    public void TakeFeedback(ref RtcpWriter writer, Ssrc sender, TimeSpan roundTrip, Instant now)
    {
        if (!_statistics.HasStarted)
        {
            return;
        }

        if (repairs && now >= _nacks.NextDeadline)
        {
            Span<SequenceNumber> due = stackalloc SequenceNumber[64];
            if (_nacks.TakeDue(now, roundTrip, due) is > 0 and var count)
            {
                writer.WriteNack(sender, ssrc, due[..count]);
            }

            _nacks.TakeKeyFrameNeeded();
        }

        if (_blockedSince != Instant.Never && now - _blockedSince > Patience)
        {
            SkipTo(_waiting.Keys.Min(), now);
        }

        if (!isAudio && _needsKeyFrame && _next >= 0 && now - _lastPictureLoss > TimeSpan.FromMilliseconds(300))
        {
            _lastPictureLoss = now;
            writer.WritePictureLoss(sender, ssrc);
        }
    }

    private void Advance(Instant now)
    {
        while (_waiting.Remove(_next, out var bytes))
        {
            _next++;
            _blockedSince = Instant.Never;
            Check(bytes, now);
        }

        if (_waiting.Count > 0 && FindWholeKeyFrame() is >= 0 and var key)
        {
            // A key frame needs nothing before it: a decoder does not wait for what it replaces.
            foreach (var passed in _waiting.Keys.Where(sequence => sequence < key).ToArray())
            {
                _waiting.Remove(passed);
            }

            SkipTo(key, now);
            return;
        }

        if (_waiting.Count > 0 && _blockedSince == Instant.Never)
        {
            _blockedSince = now;
        }
    }

    private void SkipTo(long sequence, Instant now)
    {
        _next = sequence;
        _needsKeyFrame = true;
        _broken = true;
        _parts = 0;
        _blockedSince = Instant.Never;
        Advance(now);
    }

    /// <summary>First packet of the newest key frame that is there entirely, behind a gap; -1 when there is none.</summary>
    private long FindWholeKeyFrame()
    {
        foreach (var (sequence, bytes) in _waiting.OrderByDescending(entry => entry.Key))
        {
            if (RtpPacketView.TryParse(bytes, out var packet) && packet.PayloadLength >= 12 && packet.Payload is [_, _, _, _, var head, _, _, _, _, _, 0, var parts, ..]
                && (head & 1) == 0 && Enumerable.Range(0, parts).All(part => _waiting.ContainsKey(sequence + part)))
            {
                return sequence;
            }
        }

        return -1;
    }

    private void Check(byte[] bytes, Instant now)
    {
        if (!RtpPacketView.TryParse(bytes, out var packet))
        {
            Faults.Add("a packet cannot be read");
            return;
        }

        var payload = packet.Payload;
        if (payload.Length < 12)
        {
            // Filler for a packet that was left out.
            return;
        }

        var picture = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]) & 0x7FFF;
        var isKey = (payload[4] & 1) == 0;
        int layer = payload[5];
        int part = payload[10];
        if (part == 0)
        {
            Start(packet.Timestamp.Value, picture, layer, isKey);
            _parts = payload[11];
            _part = 0;
        }
        else if (_parts == 0)
        {
            Expect(_broken, "a frame begins in its middle");
            return;
        }

        Expect(part == _part && picture == _picture && packet.Timestamp.Value == _timestamp, "the parts of a frame do not belong together");
        _part++;
        Expect(packet.Marker == (_part == _parts), "the marker is not at the end of a frame");
        if (_part == _parts && !_needsKeyFrame)
        {
            LayerChanges += Layer >= 0 && Layer != layer ? 1 : 0;
            Layer = layer;
            Complete(now);
        }
    }

    private void Start(uint timestamp, int picture, int layer, bool isKey)
    {
        if (_picture >= 0 && !_broken)
        {
            Expect(_part == _parts, "a frame has no end");
            Expect(((picture - _picture) & 0x7FFF) == 1, $"picture ids jump by {(picture - _picture) & 0x7FFF}");
            Expect((int)(timestamp - _timestamp) > 0, $"a timestamp goes {(int)(timestamp - _timestamp)} ticks on");
            Expect(isKey || Layer < 0 || layer == Layer || _needsKeyFrame, "the layer changes without a key frame");
        }

        _needsKeyFrame &= !isKey;
        _broken = false;
        _picture = picture;
        _timestamp = timestamp;
    }

    private void Complete(Instant now)
    {
        Frames++;
        if (_lastFrame != Instant.Never && now - _lastFrame > LongestGap)
        {
            LongestGap = now - _lastFrame;
        }

        _lastFrame = now;
    }

    private void Expect(bool holds, string what)
    {
        if (!holds)
        {
            Faults.Add(what);
        }
    }
}
