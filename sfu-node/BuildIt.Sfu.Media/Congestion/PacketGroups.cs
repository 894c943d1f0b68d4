using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>How two neighbouring packet groups differ: the input of the delay-gradient detector.</summary>
internal readonly record struct GroupDelta(double SendMilliseconds, double ArrivalMilliseconds, double ArrivedAtMilliseconds);

/// <summary>
/// Joins packets sent within 5 ms to groups and compares neighbouring groups (draft-ietf-rmcat-gcc-02 section 5.2).
/// Packets that arrive in a burst after a stall of the channel count as one group, as their spacing says nothing.
/// </summary>
internal sealed class PacketGroups
{
    private const long BurstMicroseconds = 5_000;
    private const long MaxBurstMicroseconds = 100_000;

    /// <summary>A jump of the receiver's clock or a channel asleep; what came before cannot be compared.</summary>
    private const long MaxGapMicroseconds = 3_000_000;

    private Group _current;
    private Group _previous;

    /// <summary>Takes packets in order of arrival. True when a group was completed by this one.</summary>
    public bool TryAdd(Instant sentAt, long arrivedAt, out GroupDelta delta)
    {
        delta = default;
        if (!_current.IsStarted)
        {
            _current = new Group(sentAt, arrivedAt);
            return false;
        }

        if (sentAt < _current.FirstSent)
        {
            // Reordered across groups: of no use for a gradient.
            return false;
        }

        if (Math.Abs(arrivedAt - _current.LastArrived) > MaxGapMicroseconds)
        {
            _previous = default;
            _current = new Group(sentAt, arrivedAt);
            return false;
        }

        if (BelongsToCurrent(sentAt, arrivedAt))
        {
            _current.LastSent = Instant.Max(_current.LastSent, sentAt);
            _current.LastArrived = Math.Max(_current.LastArrived, arrivedAt);
            return false;
        }

        bool completed = false;
        if (_previous.IsStarted)
        {
            long arrival = _current.LastArrived - _previous.LastArrived;
            if (arrival >= 0)
            {
                delta = new GroupDelta(
                    (_current.LastSent.Microseconds - _previous.LastSent.Microseconds) / 1000.0,
                    arrival / 1000.0,
                    _current.LastArrived / 1000.0);
                completed = true;
            }
        }

        _previous = _current;
        _current = new Group(sentAt, arrivedAt);
        return completed;
    }

    private bool BelongsToCurrent(Instant sentAt, long arrivedAt)
    {
        if (sentAt.Microseconds - _current.FirstSent.Microseconds <= BurstMicroseconds)
        {
            return true;
        }

        long arrival = arrivedAt - _current.LastArrived;
        long propagation = arrival - (sentAt.Microseconds - _current.LastSent.Microseconds);
        return propagation < 0 && arrival <= BurstMicroseconds && arrivedAt - _current.FirstArrived < MaxBurstMicroseconds;
    }

    private struct Group(Instant sentAt, long arrivedAt)
    {
        public readonly bool IsStarted = true;
        public readonly Instant FirstSent = sentAt;
        public readonly long FirstArrived = arrivedAt;
        public Instant LastSent = sentAt;
        public long LastArrived = arrivedAt;
    }
}
