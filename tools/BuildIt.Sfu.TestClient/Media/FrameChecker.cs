using System.Buffers.Binary;
using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.TestClient.Media;

/// <summary>
/// Puts the packets of one stream in order and checks that they make whole frames, as a decoder's input stage does, without
/// decoding: sequence numbers without gap, timestamps that only grow, frames with start and end, picture ids one after another,
/// a key frame at the start and after every loss. Used on one loop.
/// </summary>
internal sealed class FrameChecker(CodecKind codec)
{
    private const int Window = 1024;

    /// <summary>A gap in a picture that lasts longer than this will not be filled any more.</summary>
    private static readonly TimeSpan PicturePatience = TimeSpan.FromSeconds(1);

    /// <summary>The same of sound, which is played on time or not at all.</summary>
    private static readonly TimeSpan SoundPatience = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan FreezeLimit = TimeSpan.FromSeconds(1);

    private readonly Slot[] _slots = new Slot[Window];
    private long _next = -1;
    private long _highest;
    private Instant _blockedSince = Instant.Never;
    private bool _frameOpen;
    private bool _frameIsKey;
    private int _frameLength;
    private ulong _frameEnd;
    private bool _resynchronise = true;
    private bool _keyFrameNeeded = codec == CodecKind.Vp8;
    private uint _timestamp;
    private bool _hasTimestamp;
    private int _picture = -1;
    private Instant _lastFrame = Instant.Never;

    public long Frames { get; private set; }

    public long KeyFrames { get; private set; }

    public long ForeignFrames { get; private set; }

    public long Faults { get; private set; }

    public string FirstFault { get; private set; } = "";

    /// <summary>Packets given up on.</summary>
    public long Skipped { get; private set; }

    public int Freezes { get; private set; }

    public TimeSpan LongestGap { get; private set; }

    public Instant FirstFrame { get; private set; } = Instant.Never;

    public int Width { get; private set; }

    public int Height { get; private set; }

    public int LayerSwitches { get; private set; }

    /// <summary>When <see cref="HandleTimeout"/> is to be called.</summary>
    public Instant NextDeadline => _blockedSince == Instant.Never ? Instant.Never : _blockedSince + (codec == CodecKind.Opus ? SoundPatience : PicturePatience);

    /// <summary>True when only a key frame helps.</summary>
    public bool KeyFrameNeeded => _keyFrameNeeded && _next >= 0;

    /// <summary>The stream pauses for a reason (mute, hidden, bandwidth): a gap from here on is no freeze.</summary>
    public void Pause() => _lastFrame = Instant.Never;

    /// <summary>Forgets the gaps so far.</summary>
    public void ClearGaps() => (LongestGap, Freezes) = (TimeSpan.Zero, 0);

    /// <summary>The time since the last frame so far, which counts as a gap while it lasts.</summary>
    public TimeSpan CurrentGap(Instant now) => _lastFrame == Instant.Never ? TimeSpan.Zero : now - _lastFrame;

    /// <summary>Takes a packet that was not seen before; <paramref name="sequence"/> is widened.</summary>
    public void Add(long sequence, in RtpPacketView packet, Instant now)
    {
        if (_next < 0)
        {
            _next = sequence;
            _highest = sequence - 1;
        }

        if (sequence < _next)
        {
            return;
        }

        if (sequence >= _next + Window)
        {
            SkipTo(sequence - Window / 2, now);
        }

        _slots[sequence % Window] = Slot.Of(sequence, packet, codec);
        _highest = Math.Max(_highest, sequence);
        Advance(now);
        if (_blockedSince != Instant.Never && KeyFrameAround(sequence) is { } key)
        {
            SkipTo(key, now);
            Advance(now);
        }
    }

    public void HandleTimeout(Instant now)
    {
        if (now >= NextDeadline)
        {
            var next = _next;
            while (next <= _highest && _slots[next % Window].Sequence != next)
            {
                next++;
            }

            SkipTo(next, now);
            Advance(now);
        }
    }

    private void Advance(Instant now)
    {
        while (_next <= _highest && _slots[_next % Window].Sequence == _next)
        {
            Check(_slots[_next % Window], now);
            _next++;
            _blockedSince = Instant.Never;
        }

        if (_next <= _highest && _blockedSince == Instant.Never)
        {
            _blockedSince = now;
        }
    }

    /// <summary>
    /// Where the key frame begins that a packet belongs to, when all of it is there; else null. With it a decoder goes on, whatever is
    /// missing before it.
    /// </summary>
    private long? KeyFrameAround(long sequence)
    {
        var (start, end) = (sequence, sequence);
        while (IsOfFrame(start, sequence) && !_slots[start % Window].IsStart)
        {
            start--;
        }

        while (IsOfFrame(end, sequence) && !_slots[end % Window].Marker)
        {
            end++;
        }

        return IsOfFrame(start, sequence) && IsOfFrame(end, sequence) && _slots[start % Window].IsKey ? start : null;
    }

    private bool IsOfFrame(long sequence, long other) =>
        sequence >= _next && _slots[sequence % Window] is var slot && slot.Sequence == sequence && slot.Timestamp == _slots[other % Window].Timestamp;

    private void SkipTo(long sequence, Instant now)
    {
        for (; _next < sequence; _next++)
        {
            if (_slots[_next % Window].Sequence == _next)
            {
                Check(_slots[_next % Window], now);
            }
            else
            {
                Skipped++;
                _resynchronise = true;
                _frameOpen = false;
                _keyFrameNeeded = codec == CodecKind.Vp8;
            }
        }

        _blockedSince = Instant.Never;
    }

    private void Check(in Slot slot, Instant now)
    {
        // Padding, which fills holes and probes for bandwidth, belongs to no frame.
        if (slot.Length == 0)
        {
            return;
        }

        if (codec != CodecKind.Vp8)
        {
            CheckTimestamp(slot);
            if (codec == CodecKind.Opus || slot.Marker)
            {
                Complete(now, isKey: false);
            }

            return;
        }

        if (slot.IsStart)
        {
            Start(slot);
        }
        else if (!_frameOpen)
        {
            if (!_resynchronise)
            {
                Fault("a packet continues a frame that has not begun");
            }

            return;
        }
        else if (slot.Timestamp != _timestamp)
        {
            Fault("the timestamp changes inside a frame");
        }

        _frameLength += slot.Length;
        _frameEnd = slot.End;
        if (slot.Marker)
        {
            _frameOpen = false;
            if (!_keyFrameNeeded)
            {
                ForeignFrames += ClipFrames.Contains(_frameLength, _frameEnd) ? 0 : 1;
                Complete(now, _frameIsKey);
            }
        }
    }

    private void Start(in Slot slot)
    {
        if (_frameOpen)
        {
            Fault("a frame has no end");
        }

        CheckTimestamp(slot);
        if (slot.Picture >= 0)
        {
            // Ids are 15 bits, or 7 in some senders.
            var step = (slot.Picture - _picture) & 0x7FFF;
            if (!_resynchronise && _picture >= 0 && step != 1 && !(_picture == 127 && slot.Picture == 0))
            {
                Fault($"the picture id goes {step} steps");
            }

            _picture = slot.Picture;
        }

        _resynchronise = false;
        _frameOpen = true;
        _frameIsKey = slot.IsKey;
        _frameLength = 0;
        if (!slot.IsKey)
        {
            return;
        }

        _keyFrameNeeded = false;
        if ((slot.Width, slot.Height) != (Width, Height))
        {
            LayerSwitches += Width == 0 ? 0 : 1;
            (Width, Height) = (slot.Width, slot.Height);
        }
    }

    private void CheckTimestamp(in Slot slot)
    {
        if (_hasTimestamp && (int)(slot.Timestamp - _timestamp) < (codec == CodecKind.Vp8 || codec == CodecKind.Opus ? 1 : 0))
        {
            Fault("a timestamp is not after the one before");
        }

        _timestamp = slot.Timestamp;
        _hasTimestamp = true;
    }

    private void Complete(Instant now, bool isKey)
    {
        Frames++;
        KeyFrames += isKey ? 1 : 0;
        if (FirstFrame == Instant.Never)
        {
            FirstFrame = now;
        }

        if (_lastFrame != Instant.Never)
        {
            var gap = now - _lastFrame;
            LongestGap = gap > LongestGap ? gap : LongestGap;
            Freezes += gap > FreezeLimit ? 1 : 0;
        }

        _lastFrame = now;
    }

    private void Fault(string what)
    {
        Faults++;
        if (FirstFault.Length == 0)
        {
            FirstFault = what;
        }
    }

    private struct Slot
    {
        public long Sequence;
        public uint Timestamp;
        public int Length;
        public ulong End;
        public int Picture;
        public ushort Width;
        public ushort Height;
        public bool Marker;
        public bool IsStart;
        public bool IsKey;

        public static Slot Of(long sequence, in RtpPacketView packet, CodecKind codec)
        {
            var payload = packet.Payload;
            var slot = new Slot
            {
                Sequence = sequence,
                Timestamp = packet.Timestamp.Value,
                Length = payload.Length,
                Marker = packet.Marker,
                Picture = -1,
            };
            if (codec != CodecKind.Vp8 || !Vp8Descriptor.TryRead(payload, packet.Marker, out var facts))
            {
                return slot;
            }

            var data = payload[facts.DescriptorLength..];
            slot.Length = data.Length;
            slot.End = ClipFrames.EndOf(data);
            slot.IsStart = facts.IsFrameStart;
            slot.IsKey = facts.IsKeyFrame;
            slot.Picture = facts.Has(PayloadFlags.PictureId) ? facts.PictureId : -1;

            // RFC 6386 section 9.1: start code, then 14 bits each of width and height. Hidden by end-to-end encryption.
            if (slot.IsKey && data.Length >= 10 && data[3] == 0x9D && data[4] == 0x01 && data[5] == 0x2A)
            {
                slot.Width = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(data[6..]) & 0x3FFF);
                slot.Height = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(data[8..]) & 0x3FFF);
            }

            return slot;
        }
    }
}
