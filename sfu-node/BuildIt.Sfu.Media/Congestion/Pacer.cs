using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>Order in which a <see cref="Pacer{T}"/> lets packets go.</summary>
public enum PacketPriority : byte
{
    /// <summary>Never waits; only counted.</summary>
    Audio = 0,

    /// <summary>What the subscriber is missing already.</summary>
    Retransmission = 1,

    Video = 2,
}

/// <summary>
/// Spreads a subscriber's packets so that a key frame does not arrive as one burst, in portions large enough that the
/// kernel can still send them as one message. Holds references to packets, not packets.
/// Pure; no allocation after construction. Not thread-safe.
/// </summary>
/// <typeparam name="T">What names a packet to its owner, for example a slot of the packet cache.</typeparam>
public sealed class Pacer<T>
    where T : struct
{
    /// <summary>Packets leave this much faster than the estimate, so that the queue is empty again before the next frame.</summary>
    private const double PacingFactor = 2.0;

    /// <summary>Above this much waiting time the rate rises so that what waits is out in that time.</summary>
    private static readonly TimeSpan MaxQueueTime = TimeSpan.FromMilliseconds(250);

    /// <summary>A portion is what the rate allows in this time.</summary>
    private static readonly TimeSpan BurstTime = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan ProbeBurstTime = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan MaxProbeDelay = TimeSpan.FromMilliseconds(3);

    private readonly Entry[][] _queues;
    private readonly int[] _heads = new int[2];
    private readonly int[] _counts = new int[2];
    private readonly int _mask;
    private DataRate _estimate;
    private double _debtBytes;
    private Instant _lastDrain;
    private ProbeCluster _probe;
    private long _probeLeft;
    private bool _withinPortion;

    /// <param name="estimate">Rate to start with.</param>
    /// <param name="capacity">Packets held for each priority; a power of two.</param>
    /// <param name="now">Now.</param>
    public Pacer(DataRate estimate, int capacity, Instant now)
    {
        if (capacity <= 0 || (capacity & (capacity - 1)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), "must be a power of two");
        }

        _queues = [new Entry[capacity], new Entry[capacity]];
        _mask = capacity - 1;
        _estimate = estimate;
        _lastDrain = now;
    }

    /// <summary>Bytes that wait.</summary>
    public DataSize Queued { get; private set; }

    public int QueuedPackets => _counts[0] + _counts[1];

    /// <summary>Tag for packets that leave now: the probe under way, or <see cref="ProbeCluster.None"/>.</summary>
    public int CurrentCluster => _probe.Id;

    /// <summary>The rate at which packets leave.</summary>
    public DataRate Rate
    {
        get
        {
            if (!_probe.IsNone)
            {
                return _probe.Rate;
            }

            DataRate drain = Queued.Per(MaxQueueTime);
            return DataRate.Max(_estimate * PacingFactor, drain);
        }
    }

    /// <summary>When <see cref="TryDequeue"/> or <see cref="PaddingDue"/> may have something; now or earlier means at once.</summary>
    public Instant NextDeadline =>
        QueuedPackets == 0 && _probe.IsNone ? Instant.Never
        : _debtBytes <= 0 ? _lastDrain
        : _lastDrain + DebtTime();

    public void SetEstimate(DataRate estimate) => _estimate = estimate;

    /// <summary>Begins a burst at the cluster's rate; a burst still under way is given up.</summary>
    public void StartProbe(in ProbeCluster cluster, Instant now)
    {
        Drain(now);
        _probe = cluster;
        _probeLeft = cluster.Size.Bytes;
        _debtBytes = Math.Min(_debtBytes, 0);
    }

    /// <summary>An audio packet goes out now; it only counts against what follows.</summary>
    public void OnUnpaced(int bytes, Instant now)
    {
        Drain(now);
        Charge(bytes);
    }

    /// <summary>Queues a packet. False when the queue is full: the packet is to be dropped.</summary>
    public bool TryEnqueue(in T packet, int bytes, PacketPriority priority, Instant now)
    {
        int queue = QueueOf(priority);
        if (_counts[queue] > _mask)
        {
            return false;
        }

        Drain(now);
        _queues[queue][(_heads[queue] + _counts[queue]++) & _mask] = new Entry(packet, bytes);
        Queued += new DataSize(bytes);
        return true;
    }

    /// <summary>The next packet whose time has come. Call until false.</summary>
    public bool TryDequeue(Instant now, out T packet)
    {
        Drain(now);
        packet = default;
        int queue = _counts[0] > 0 ? 0 : 1;
        if (_counts[queue] == 0 || !MaySend())
        {
            return false;
        }

        ref Entry entry = ref _queues[queue][_heads[queue]];
        packet = entry.Packet;
        _heads[queue] = (_heads[queue] + 1) & _mask;
        _counts[queue]--;
        Queued -= new DataSize(entry.Bytes);
        Charge(entry.Bytes);
        return true;
    }

    /// <summary>
    /// Bytes of padding (retransmissions of recent packets, or padding packets) that the probe under way wants now,
    /// because there is no media to send it with. Report what was sent with <see cref="OnPaddingSent"/> and ask again.
    /// </summary>
    public DataSize PaddingDue(Instant now)
    {
        Drain(now);
        return _probe.IsNone || QueuedPackets > 0 || !MaySend() ? DataSize.Zero : new DataSize(_probeLeft);
    }

    public void OnPaddingSent(int bytes) => Charge(bytes);

    /// <summary>Forgets the packets that match, for example of a track that was paused.</summary>
    public void RemoveAll(Func<T, bool> match)
    {
        ArgumentNullException.ThrowIfNull(match);
        for (int queue = 0; queue < _queues.Length; queue++)
        {
            int kept = 0;
            for (int i = 0; i < _counts[queue]; i++)
            {
                Entry entry = _queues[queue][(_heads[queue] + i) & _mask];
                if (match(entry.Packet))
                {
                    Queued -= new DataSize(entry.Bytes);
                }
                else
                {
                    _queues[queue][(_heads[queue] + kept++) & _mask] = entry;
                }
            }

            _counts[queue] = kept;
        }
    }

    private static int QueueOf(PacketPriority priority) => priority == PacketPriority.Video ? 1 : 0;

    /// <summary>A portion at a time: once it is out, nothing goes before its time has passed. Portions, not a trickle.</summary>
    private bool MaySend() => _debtBytes <= 0 || _withinPortion;

    private void Charge(int bytes)
    {
        _debtBytes += bytes;
        _withinPortion = _debtBytes < Rate.Over(_probe.IsNone ? BurstTime : ProbeBurstTime).Bytes;
        if (!_probe.IsNone)
        {
            _probeLeft -= bytes;
            if (_probeLeft <= 0)
            {
                _probe = default;
            }
        }
    }

    private TimeSpan DebtTime() => Rate.TimeFor(new DataSize((long)Math.Ceiling(_debtBytes)));

    private void Drain(Instant now)
    {
        TimeSpan elapsed = now - _lastDrain;
        if (elapsed <= TimeSpan.Zero)
        {
            return;
        }

        _lastDrain = now;

        // A probe that is called a little late makes up for it, or it would measure the caller's timer.
        double credit = _probe.IsNone ? 0 : _probe.Rate.Over(MaxProbeDelay).Bytes;
        _debtBytes = Math.Max(-credit, _debtBytes - Rate.BitsPerSecond / 8.0 * elapsed.TotalSeconds);
    }

    private readonly record struct Entry(T Packet, int Bytes);
}
