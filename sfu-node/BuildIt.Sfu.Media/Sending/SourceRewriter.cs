using BuildIt.Sfu.Media.Codecs;
using BuildIt.Sfu.Media.Receiving;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Sending;

/// <summary>The last numbers a down track sent; where the next source goes on.</summary>
internal struct OutgoingPosition
{
    /// <summary>Widened sequence number; 0 before the first packet.</summary>
    public long Sequence;

    public RtpTimestamp Timestamp;

    /// <summary>Widened picture id or frame number; 0 before the first.</summary>
    public long Picture;

    public byte Tl0PictureIndex;
}

/// <summary>
/// Carries the numbers of one source (one simulcast layer, from one switch to the next) over into the outgoing stream.
/// </summary>
internal sealed class SourceRewriter(CodecKind codec, int window)
{
    private const int PictureWindow = 128;

    // Widened so, picture ids never reach 0 or below.
    private const long PictureBase = 1L << 20;

    private readonly ContinuityMap _sequences = new(window);
    private readonly ContinuityMap? _pictures = codec == CodecKind.Vp8 ? new ContinuityMap(PictureWindow) : null;
    private uint _timestampOffset;
    private byte _tl0Offset;
    private ushort _pictureOffset;
    private long _highestPicture;

    /// <summary>Simulcast layer of the source; -1 when unused.</summary>
    public int Layer { get; private set; } = -1;

    /// <summary>The incoming stream; null before the first start.</summary>
    public IncomingLayer? Source { get; private set; }

    /// <summary>What is added to the source's timestamps.</summary>
    public uint TimestampOffset => _timestampOffset;

    /// <summary>Highest sequence number given out or kept.</summary>
    public long HighestSequence => _sequences.HighestMapped;

    /// <summary>Highest widened picture id given out or kept.</summary>
    public long HighestPicture => _pictures is null ? 0 : _pictures.HighestMapped;

    /// <summary>Starts with <paramref name="packet"/>, to be sent right after <paramref name="last"/> with <paramref name="timestamp"/>.</summary>
    public void Start(in IncomingPacket packet, in OutgoingPosition last, RtpTimestamp timestamp)
    {
        ref readonly var facts = ref packet.Facts;
        Layer = packet.Layer;
        Source = packet.Source;
        _sequences.Start(packet.Sequence, last.Sequence + 1);
        _timestampOffset = timestamp.Value - packet.Rtp.Timestamp.Value;
        _tl0Offset = 0;
        _pictureOffset = 0;
        if (!facts.Has(PayloadFlags.PictureId))
            return;

        _highestPicture = PictureBase + facts.PictureId;
        var isFirst = last.Picture == 0;
        _pictures?.Start(_highestPicture, isFirst ? _highestPicture : last.Picture + 1);
        if (isFirst)
            return;
        _pictureOffset = (ushort)(last.Picture + 1 - facts.PictureId);
        _tl0Offset = (byte)(last.Tl0PictureIndex + 1 - facts.Tl0PictureIndex);
    }

    /// <summary>
    /// What was decided about the picture that <paramref name="packet"/> belongs to, when an earlier packet of it came already:
    /// a picture is forwarded whole or not at all.
    /// </summary>
    public ContinuityState PictureState(in IncomingPacket packet) =>
        _pictures is not null && packet.Facts.Has(PayloadFlags.PictureId) ? _pictures.StateOf(Widen(packet.Facts)) : ContinuityState.Open;

    /// <summary>Maps a packet that is forwarded; false when it is too old.</summary>
    public bool TryMap(in IncomingPacket packet, out long sequence, out Mapped mapped)
    {
        mapped = default;
        if (!_sequences.TryMap(packet.Sequence, out sequence))
            return false;
        ref readonly var facts = ref packet.Facts;
        mapped.Timestamp = new RtpTimestamp(packet.Rtp.Timestamp.Value + _timestampOffset);
        mapped.Tl0PictureIndex = (byte)(facts.Tl0PictureIndex + _tl0Offset);
        if (_pictures is null)
            mapped.Picture = PictureBase | (ushort)(facts.PictureId + _pictureOffset);
        else if (facts.Has(PayloadFlags.PictureId))
            _pictures.TryMap(Widen(facts), out mapped.Picture);
        return true;
    }

    /// <summary>
    /// Closes the gap of a packet that is not forwarded. True when its number was passed over before: the hole at
    /// <paramref name="hole"/> must be filled by an empty packet, or the subscriber would ask for it in vain.
    /// </summary>
    public bool Drop(in IncomingPacket packet, out long hole)
    {
        if (_pictures is not null && packet.Facts.Has(PayloadFlags.PictureId))
            _pictures.Drop(Widen(packet.Facts), out _);
        return _sequences.Drop(packet.Sequence, out hole);
    }

    /// <summary>True when <paramref name="sequence"/> was passed over by this source and may still come.</summary>
    public bool IsWithin(long sequence) => sequence <= _sequences.Highest;

    /// <summary>Takes a sequence number for a packet without source.</summary>
    public long InsertSequence() => _sequences.Insert();

    private long Widen(in PayloadFacts facts)
    {
        // 7 or 15 bits, read as the id nearest to the highest.
        var bits = facts.Has(PayloadFlags.LongPictureId) ? 15 : 7;
        var circle = 1L << bits;
        var difference = (facts.PictureId - _highestPicture) & (circle - 1);
        if (difference >= circle / 2)
            difference -= circle;
        var widened = _highestPicture + difference;
        _highestPicture = Math.Max(_highestPicture, widened);
        return widened;
    }

    internal struct Mapped
    {
        public RtpTimestamp Timestamp;
        public long Picture;
        public byte Tl0PictureIndex;
    }
}

/// <summary>Chooses the outgoing timestamp of the first packet of a new layer so that subscribers see no jump in time.</summary>
internal static class TimestampAligner
{
    // Layers of one frame leave the encoder together; a larger disagreement means that a sender report is wrong.
    private static readonly TimeSpan MaxDisagreement = TimeSpan.FromMilliseconds(500);

    /// <param name="timestamp">First timestamp of the new layer.</param>
    /// <param name="clock">Its sender clock.</param>
    /// <param name="oldClock">Sender clock of the layer before.</param>
    /// <param name="oldOffset">What was added to that layer's timestamps.</param>
    /// <param name="last">Last timestamp sent.</param>
    /// <param name="sinceLast">Time since the frame with that timestamp was sent.</param>
    /// <param name="clockRate">Ticks a second of both layers.</param>
    public static RtpTimestamp Align(
        RtpTimestamp timestamp, in SenderClock clock, in SenderClock oldClock, uint oldOffset, RtpTimestamp last, TimeSpan sinceLast, int clockRate)
    {
        var byArrival = last + Math.Max(1, sinceLast.Ticks * clockRate / TimeSpan.TicksPerSecond);
        if (!clock.IsKnown || !oldClock.IsKnown)
            return byArrival;

        // Same capture instant on the publisher's NTP clock, expressed on the old layer's timeline.
        var aligned = oldClock.TimestampAt(clock.NtpAt(timestamp, clockRate), clockRate) + oldOffset;
        var disagreement = Math.Abs((long)aligned.DistanceFrom(byArrival)) * TimeSpan.TicksPerSecond / clockRate;
        if (disagreement > MaxDisagreement.Ticks)
            return byArrival;
        // The same frame may have been sent already from the old layer; time never stands still or goes back.
        return aligned.IsNewerThan(last) ? aligned : last + 1;
    }
}
