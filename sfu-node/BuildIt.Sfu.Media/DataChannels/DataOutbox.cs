using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.DataChannels;

/// <summary>What an outbox asks of the one who fills it.</summary>
/// <typeparam name="TSender">What names a sender.</typeparam>
internal interface IDataOutboxEvents<TSender>
    where TSender : struct
{
    /// <summary>The sender's reliable messages are to stop coming: they do not leave as fast as they come.</summary>
    void OnHold(TSender sender, Instant now);

    /// <summary>They may come again.</summary>
    void OnRelease(TSender sender, Instant now);

    /// <summary>Messages of the sender that are not reliable were dropped: it sends more than its part of the link.</summary>
    void OnLossyDropped(TSender sender, int count, Instant now);

    /// <summary>A reliable message was dropped: the receiver does not take them, or the sender cannot be stopped.</summary>
    void OnReliableDropped(TSender sender, bool isReceiverSlow, Instant now);
}

/// <summary>
/// The messages that wait for one receiver. Each sender's wait in a lane of their own, and the lanes take turns by bytes, so that
/// somebody who floods is late with its own messages only. When reliable ones pile up their sender is asked to stop; but a receiver
/// that takes next to nothing may not stop others for long: it loses what it does not take.
/// Pure; used on one loop.
/// </summary>
/// <typeparam name="TSender">What names a sender.</typeparam>
/// <param name="events">Told what happens.</param>
/// <param name="holdAbove">Reliable bytes of one sender from which it is asked to stop.</param>
internal sealed class DataOutbox<TSender>(IDataOutboxEvents<TSender> events, int holdAbove = DataOutbox<TSender>.HoldAbove)
    where TSender : struct
{
    /// <summary>Reliable bytes of one sender from which it is asked to stop, at a client, and under which it may go on.</summary>
    public const int HoldAbove = 512 * 1024;

    public const int ReleaseBelow = HoldAbove - 64 * 1024;

    /// <summary>How long a receiver may keep senders waiting before it is judged by what it has taken meanwhile.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>What a receiver must take so that senders go on waiting for it.</summary>
    public static readonly DataRate SlowestWaitedFor = DataRate.FromKilobits(128);

    /// <summary>How long nobody waits again for a receiver that was too slow.</summary>
    public static readonly TimeSpan Distrust = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that a lane may send in its turn.</summary>
    private const int Turn = 2400;

    private const int MaxSpareLanes = 16;

    private readonly Dictionary<TSender, SenderLane<TSender>> _lanes = [];
    private readonly Queue<SenderLane<TSender>> _order = new();
    private readonly Stack<SenderLane<TSender>> _spare = new();
    private Instant _judgedAt = Instant.Never;
    private Instant _distrustedUntil = Instant.Zero;
    private long _taken;
    private int _holding;

    /// <summary>When <see cref="HandleTimeout"/> is to be called.</summary>
    public Instant NextDeadline => _judgedAt;

    public bool IsEmpty => _order.Count == 0;

    /// <summary>Bytes of reliable messages that wait, of all senders, with a charge for each.</summary>
    public long ReliableBytes => _lanes.Values.Sum(lane => (long)lane.ReliableBytes);

    /// <summary>Queues a message that is to arrive; it is kept as it is and must not change. False when it is lost.</summary>
    public bool AddReliable(TSender sender, ReadOnlyMemory<byte> message, Instant now)
    {
        var lane = LaneOf(sender);

        // An honest sender has stopped by now, unless it is one that cannot be stopped, or nobody waits for this receiver.
        if (lane.ReliableBytes > holdAbove)
        {
            events.OnReliableDropped(sender, now < _distrustedUntil, now);
            return false;
        }

        lane.AddReliable(message, now);
        if (lane.ReliableBytes > holdAbove && !lane.Holds && now >= _distrustedUntil)
        {
            lane.Holds = true;
            if (_holding++ == 0)
            {
                Judge(now);
            }

            events.OnHold(sender, now);
        }

        return true;
    }

    /// <summary>Queues a copy of a message that may be lost.</summary>
    /// <param name="sender">Who sends it.</param>
    /// <param name="kind">1 or 2: kinds do not push each other out.</param>
    /// <param name="message">The message.</param>
    /// <param name="now">Now.</param>
    public void AddLossy(TSender sender, int kind, ReadOnlySpan<byte> message, Instant now)
    {
        if (LaneOf(sender).AddLossy(kind, message, now) is var dropped && dropped > 0)
        {
            events.OnLossyDropped(sender, dropped, now);
        }
    }

    /// <summary>The message whose turn it is; false when nothing waits. The message is valid until the next call of any method.</summary>
    public bool TryPeek(Instant now, out int kind, out ReadOnlyMemory<byte> message)
    {
        while (_order.TryPeek(out var lane))
        {
            if (lane.DropLate(now) is var late && late > 0)
            {
                events.OnLossyDropped(lane.Sender, late, now);
            }

            if (lane.IsEmpty)
            {
                Retire(lane);
                continue;
            }

            message = lane.Peek(out kind);
            if (lane.Credit > 0 || _order.Count == 1)
            {
                return true;
            }

            lane.Credit += Turn;
            _order.Enqueue(_order.Dequeue());
        }

        (kind, message) = (0, default);
        return false;
    }

    /// <summary>Takes away what <see cref="TryPeek"/> has shown: it was sent, or cannot be.</summary>
    public void Remove(Instant now)
    {
        var lane = _order.Peek();
        var size = lane.Peek(out _).Length + SenderLane<TSender>.Overhead;
        lane.Remove();
        lane.Credit = _order.Count == 1 ? Turn : lane.Credit - size;
        _taken += size;
        if (lane.Holds && lane.ReliableBytes < ReleaseBelow)
        {
            Release(lane, now);
        }

        if (lane.IsEmpty)
        {
            Retire(lane);
        }
    }

    /// <summary>Judges a receiver that has kept senders waiting.</summary>
    public void HandleTimeout(Instant now)
    {
        if (now < _judgedAt)
        {
            return;
        }

        if (_taken < SlowestWaitedFor.Over(Patience).Bytes)
        {
            _distrustedUntil = now + Distrust;
            ReleaseAll(now);
        }
        else
        {
            Judge(now);
        }
    }

    /// <summary>The receiver is gone: nobody waits for it.</summary>
    public void Clear(Instant now)
    {
        ReleaseAll(now);
        while (_order.TryPeek(out var lane))
        {
            Retire(lane);
        }
    }

    private void Judge(Instant now)
    {
        _taken = 0;
        _judgedAt = now + Patience;
    }

    private void ReleaseAll(Instant now)
    {
        foreach (var lane in _lanes.Values)
        {
            if (lane.Holds)
            {
                Release(lane, now);
            }
        }
    }

    private void Release(SenderLane<TSender> lane, Instant now)
    {
        lane.Holds = false;
        if (--_holding == 0)
        {
            _judgedAt = Instant.Never;
        }

        events.OnRelease(lane.Sender, now);
    }

    private SenderLane<TSender> LaneOf(TSender sender)
    {
        if (!_lanes.TryGetValue(sender, out var lane))
        {
            lane = _spare.TryPop(out var spare) ? spare : new SenderLane<TSender>();
            lane.Sender = sender;
            lane.Credit = Turn;
            _lanes.Add(sender, lane);
            _order.Enqueue(lane);
        }

        return lane;
    }

    // Always the one at the head.
    private void Retire(SenderLane<TSender> lane)
    {
        _order.Dequeue();
        _lanes.Remove(lane.Sender);
        lane.Clear();
        if (_spare.Count < MaxSpareLanes)
        {
            _spare.Push(lane);
        }
    }
}
