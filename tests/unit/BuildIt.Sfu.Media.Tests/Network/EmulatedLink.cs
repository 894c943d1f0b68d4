using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>A packet on an emulated link; who gets it is the sender's business.</summary>
public readonly record struct EmulatedPacket(IPacketReceiver Receiver, long Sequence, int Bytes, Instant SentAt);

public interface IPacketReceiver
{
    void OnPacket(in EmulatedPacket packet, Instant now);
}

/// <summary>What a link does to packets. Mutable, so that a schedule can change it while packets are on their way.</summary>
public sealed class LinkSettings
{
    public DataRate Rate { get; set; } = DataRate.FromMegabits(1);

    /// <summary>One way, beside queueing.</summary>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Tail drop: the time a full queue takes to drain.</summary>
    public TimeSpan Queue { get; set; } = TimeSpan.FromMilliseconds(300);

    /// <summary>Extra delay, half-normal with this as its largest value (three sigma); order is kept.</summary>
    public TimeSpan Jitter { get; set; }

    public double Loss { get; set; }

    public double Duplication { get; set; }

    /// <summary>Share of packets that are held back by another delay and so overtaken.</summary>
    public double Reordering { get; set; }
}

/// <summary>One direction of a bottleneck in virtual time: a rate, a tail-drop queue, then delay and its faults. Seeded.</summary>
public sealed class EmulatedLink(LinkSettings settings, int seed)
{
    private readonly Random _random = new(seed);
    private readonly Queue<(EmulatedPacket Packet, Instant At)> _queue = new();
    private readonly PriorityQueue<EmulatedPacket, (long At, long Order)> _flying = new();
    private long _queuedBytes;
    private long _order;
    private Instant _freeAt;
    private Instant _lastArrival;

    public LinkSettings Settings { get; } = settings;

    public long DeliveredBytes { get; private set; }

    public long Dropped { get; private set; }

    /// <summary>What a packet sent now would wait.</summary>
    public TimeSpan QueueDelay => Settings.Rate.TimeFor(new DataSize(_queuedBytes));

    public void Send(in EmulatedPacket packet, Instant now)
    {
        if (_random.NextDouble() < Settings.Loss || _queuedBytes + packet.Bytes > Math.Max(3000, Settings.Rate.Over(Settings.Queue).Bytes))
        {
            Dropped++;
            return;
        }

        _queue.Enqueue((packet, now));
        _queuedBytes += packet.Bytes;
    }

    public void Advance(Instant now)
    {
        while (_queue.TryPeek(out (EmulatedPacket Packet, Instant At) head))
        {
            Instant done = Instant.Max(_freeAt, head.At) + Settings.Rate.TimeFor(new DataSize(head.Packet.Bytes));
            if (done > now)
            {
                break;
            }

            _queue.Dequeue();
            _queuedBytes -= head.Packet.Bytes;
            _freeAt = done;
            DeliveredBytes += head.Packet.Bytes;
            Launch(head.Packet, done);
        }

        while (_flying.TryPeek(out EmulatedPacket packet, out (long At, long Order) when) && when.At <= now.Microseconds)
        {
            _flying.Dequeue();
            packet.Receiver.OnPacket(packet, new Instant(when.At));
        }
    }

    private void Launch(in EmulatedPacket packet, Instant sent)
    {
        Instant arrival = Instant.Max(_lastArrival, sent + Settings.Delay + JitterSample());
        if (_random.NextDouble() < Settings.Reordering)
        {
            _flying.Enqueue(packet, ((arrival + Settings.Delay * 0.5).Microseconds, _order++));
        }
        else
        {
            _lastArrival = arrival;
            _flying.Enqueue(packet, (arrival.Microseconds, _order++));
        }

        if (_random.NextDouble() < Settings.Duplication)
        {
            _flying.Enqueue(packet, (arrival.Microseconds + 1000, _order++));
        }
    }

    private TimeSpan JitterSample()
    {
        if (Settings.Jitter == TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        double normal = Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());
        return Settings.Jitter * Math.Min(1, Math.Abs(normal) / 3);
    }
}
