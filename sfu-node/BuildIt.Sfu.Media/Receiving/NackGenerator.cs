using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Rtp;

namespace BuildIt.Sfu.Media.Receiving;

/// <summary>
/// Decides which missing packets of one stream to ask for again (RFC 4585 section 6.2.1), and when. Bounded: at most
/// <see cref="Capacity"/> packets are remembered, each is asked for at most <see cref="MaxTries"/> times.
/// </summary>
public sealed class NackGenerator
{
    /// <summary>Most missing packets remembered; a larger gap is not worth repairing.</summary>
    public const int Capacity = 256;

    /// <summary>Requests for one packet before giving up.</summary>
    public const int MaxTries = 8;

    private static readonly TimeSpan MinRetryInterval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan MaxAge = TimeSpan.FromMilliseconds(1500);

    // Small reorderings heal by themselves.
    private static readonly TimeSpan ReorderingTolerance = TimeSpan.FromMilliseconds(5);

    private readonly Entry[] _missing = new Entry[Capacity];
    private int _count;
    private bool _keyFrameNeeded;
    private Instant _nextRequest = Instant.Never;

    /// <summary>
    /// When <see cref="TakeDue"/> or <see cref="TakeKeyFrameNeeded"/> has something to send; <see cref="Instant.Never"/> when nothing is
    /// missing.
    /// </summary>
    public Instant NextDeadline => _keyFrameNeeded ? Instant.Zero : _nextRequest;

    /// <summary>Packets being asked for.</summary>
    public int MissingCount => _count;

    /// <summary>Packets given up on since the start.</summary>
    public long GivenUp { get; private set; }

    /// <summary>
    /// Notes that the highest sequence number went from <paramref name="previousHighest"/> to <paramref name="sequence"/> (both widened).
    /// </summary>
    public void OnAdvanced(long previousHighest, long sequence, Instant now)
    {
        var gap = sequence - previousHighest - 1;
        if (gap <= 0)
            return;
        if (gap > Capacity)
        {
            GiveUp(_count);
            GivenUp += gap;
            _keyFrameNeeded = true;
            return;
        }

        var overflow = (int)(_count + gap - Capacity);
        if (overflow > 0)
            GiveUp(overflow);
        for (var missing = previousHighest + 1; missing < sequence; missing++)
            _missing[_count++] = new Entry(missing, now, now + ReorderingTolerance, 0);
        _nextRequest = Instant.Min(_nextRequest, now + ReorderingTolerance);
    }

    /// <summary>Notes that a missing packet arrived after all.</summary>
    public void OnLate(long sequence)
    {
        var list = _missing.AsSpan(0, _count);
        for (var i = 0; i < list.Length; i++)
        {
            if (list[i].Sequence != sequence)
                continue;
            list[(i + 1)..].CopyTo(list[i..]);
            _count--;
            if (_count == 0)
                _nextRequest = Instant.Never;
            return;
        }
    }

    /// <summary>
    /// Writes the packets to ask for now, ascending, and returns how many. Each is due again after <paramref name="roundTrip"/>.
    /// </summary>
    public int TakeDue(Instant now, TimeSpan roundTrip, Span<SequenceNumber> due)
    {
        var expired = 0;
        while (expired < _count && now - _missing[expired].Since > MaxAge)
            expired++;
        GiveUp(expired);

        var interval = roundTrip * 1.25 > MinRetryInterval ? roundTrip * 1.25 : MinRetryInterval;
        var taken = 0;
        var kept = 0;
        var next = Instant.Never;
        for (var i = 0; i < _count; i++)
        {
            var entry = _missing[i];
            if (entry.DueAt <= now && taken < due.Length)
            {
                if (entry.Tries == MaxTries)
                {
                    GivenUp++;
                    _keyFrameNeeded = true;
                    continue;
                }

                due[taken++] = new SequenceNumber((ushort)entry.Sequence);
                entry = entry with { DueAt = now + interval, Tries = entry.Tries + 1 };
            }

            next = Instant.Min(next, entry.DueAt);
            _missing[kept++] = entry;
        }

        _count = kept;
        _nextRequest = next;
        return taken;
    }

    /// <summary>True once after packets were given up on: only a key frame repairs the stream now.</summary>
    public bool TakeKeyFrameNeeded()
    {
        var needed = _keyFrameNeeded;
        _keyFrameNeeded = false;
        return needed;
    }

    /// <summary>A key frame arrived at <paramref name="sequence"/>: nothing before it is worth repairing.</summary>
    public void OnKeyFrame(long sequence)
    {
        var older = 0;
        while (older < _count && _missing[older].Sequence < sequence)
            older++;
        Remove(older);
        _keyFrameNeeded = false;
    }

    private void GiveUp(int count)
    {
        if (count == 0)
            return;
        GivenUp += count;
        _keyFrameNeeded = true;
        Remove(count);
    }

    private void Remove(int count)
    {
        _missing.AsSpan(count, _count - count).CopyTo(_missing);
        _count -= count;
        if (_count == 0)
            _nextRequest = Instant.Never;
    }

    private readonly record struct Entry(long Sequence, Instant Since, Instant DueAt, int Tries);
}
