using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtcp;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>What became of an arriving packet.</summary>
public enum ArrivalKind : byte
{
    /// <summary>The newest packet so far.</summary>
    InOrder,

    /// <summary>Fills a gap: reordered, or repaired after a NACK.</summary>
    Late,

    /// <summary>Seen before.</summary>
    Duplicate,

    /// <summary>Too old to tell whether it was seen, or a sequence jump not yet confirmed by a second packet.</summary>
    Discarded,
}

/// <summary>
/// Reception statistics of one stream (RFC 3550 appendices A.1, A.3 and A.8): widened sequence numbers, duplicates, loss, jitter.
/// </summary>
public sealed class ReceiveStatistics(Ssrc ssrc, int clockRate)
{
    /// <summary>How far behind the highest sequence number a packet may arrive.</summary>
    public const int Window = 2048;

    // RFC 3550 appendix A.1: a larger jump is a restarted sender when the next packet confirms it.
    private const int MaxDropout = 3000;

    private readonly ulong[] _seen = new ulong[Window / 64];
    private SequenceUnwrapper _unwrapper;
    private long _first;
    private int _suspect = -1;
    private long _received;
    private long _expectedAtReport;
    private long _receivedAtReport;
    private double _jitter;
    private long _lastTransit;
    private uint _lastTimestamp;
    private bool _hasTransit;

    public Ssrc Ssrc { get; } = ssrc;

    /// <summary>Ticks a second.</summary>
    public int ClockRate { get; private set; } = clockRate;

    public bool HasStarted => _unwrapper.HasStarted;

    /// <summary>Highest sequence number, widened.</summary>
    public long Highest => _unwrapper.Highest;

    /// <summary>Distinct packets received.</summary>
    public long Received => _received;

    /// <summary>Packets expected from the first to the highest sequence number.</summary>
    public long Expected => HasStarted ? Highest - _first + 1 : 0;

    /// <summary>Packets missing since the start; negative after duplicates of a wrongly restarted stream.</summary>
    public long Lost => Expected - _received;

    public TimeSpan Jitter => TimeSpan.FromSeconds(_jitter / ClockRate);

    /// <summary>Takes a packet; <paramref name="sequence"/> is its widened sequence number unless it is discarded.</summary>
    /// <param name="number">Sequence number of the (repaired) packet.</param>
    /// <param name="timestamp">Its timestamp.</param>
    /// <param name="now">Its arrival.</param>
    /// <param name="repaired">True when it came by retransmission, which says nothing about jitter.</param>
    /// <param name="sequence">The widened sequence number.</param>
    public ArrivalKind Receive(SequenceNumber number, RtpTimestamp timestamp, Instant now, bool repaired, out long sequence)
    {
        if (!HasStarted)
        {
            sequence = _first = _unwrapper.Unwrap(number.Value);
            return Accept(sequence, timestamp, now, repaired, ArrivalKind.InOrder);
        }

        var highest = Highest;
        sequence = _unwrapper.Peek(number.Value);
        if (sequence > highest + MaxDropout || sequence <= highest - Window)
        {
            if (repaired || _suspect != number.Value)
            {
                if (!repaired)
                    _suspect = (ushort)(number.Value + 1);
                return ArrivalKind.Discarded;
            }

            sequence = Restart(number);
            return Accept(sequence, timestamp, now, repaired, ArrivalKind.InOrder);
        }

        _suspect = -1;
        if (sequence > highest)
        {
            for (var skipped = highest + 1; skipped < sequence; skipped++)
                _seen[skipped % Window / 64] &= ~(1UL << (int)(skipped % 64));
            _unwrapper.Unwrap(number.Value);
            return Accept(sequence, timestamp, now, repaired, ArrivalKind.InOrder);
        }

        if ((_seen[sequence % Window / 64] & 1UL << (int)(sequence % 64)) != 0)
            return ArrivalKind.Duplicate;
        if (sequence < _first)
            _first = sequence;
        return Accept(sequence, timestamp, now, repaired, ArrivalKind.Late);
    }

    /// <summary>True when a packet with that number would be the newest; before the first, any is.</summary>
    public bool IsNewest(SequenceNumber number)
    {
        var ahead = HasStarted ? _unwrapper.Peek(number.Value) - Highest : 1;
        return ahead is > 0 and <= MaxDropout;
    }

    /// <summary>The stream goes on with other ticks a second.</summary>
    internal void UseClockRate(int rate)
    {
        if (rate != ClockRate)
        {
            ClockRate = rate;
            _jitter = 0;
            _hasTransit = false;
        }
    }

    /// <summary>Makes the report block on this stream and starts the next interval.</summary>
    public ReportBlock TakeReport(in SenderClock clock, Instant now)
    {
        var expected = Expected - _expectedAtReport;
        var lost = expected - (_received - _receivedAtReport);
        _expectedAtReport = Expected;
        _receivedAtReport = _received;
        var fraction = expected <= 0 || lost <= 0 ? 0 : Math.Min(255, lost * 256 / expected);
        var delay = clock.IsKnown ? (uint)((now - clock.ReportArrival).TotalSeconds * 65536) : 0;
        return new ReportBlock(
            Ssrc, (byte)fraction, (int)Math.Clamp(Lost, -0x80_0000, 0x7F_FFFF), (uint)(Highest - 0x1_0000), (uint)_jitter, clock.Ntp.Middle, delay);
    }

    private long Restart(SequenceNumber number)
    {
        // The sender started over: go on two circles ahead, so that widened numbers never repeat.
        var sequence = ((Highest >> 16) + 2 << 16) + number.Value;
        _unwrapper = default;
        _unwrapper.Restart(sequence);
        Array.Clear(_seen);
        _first = sequence;
        _received = _receivedAtReport = _expectedAtReport = 0;
        _hasTransit = false;
        _suspect = -1;
        return sequence;
    }

    private ArrivalKind Accept(long sequence, RtpTimestamp timestamp, Instant now, bool repaired, ArrivalKind kind)
    {
        _seen[sequence % Window / 64] |= 1UL << (int)(sequence % 64);
        _received++;
        if (kind == ArrivalKind.InOrder && !repaired)
            UpdateJitter(timestamp, now);
        return kind;
    }

    private void UpdateJitter(RtpTimestamp timestamp, Instant now)
    {
        // RFC 3550 appendix A.8. Packets of one frame share a timestamp and are paced out: only the first of them measures the path.
        if (_hasTransit && timestamp.Value == _lastTimestamp)
            return;
        var arrival = now.Microseconds * ClockRate / 1_000_000;
        var transit = arrival - timestamp.Value;
        if (_hasTransit)
        {
            var difference = Math.Abs((long)(int)(uint)(transit - _lastTransit));
            if (difference < 10L * ClockRate)
                _jitter += (difference - _jitter) / 16;
        }

        _lastTransit = transit;
        _lastTimestamp = timestamp.Value;
        _hasTransit = true;
    }
}
