using BuildIt.Sfu.Media.Base;
using BuildIt.Sfu.Media.Congestion;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>What a flow has to send: how much in the next frame, told the estimate.</summary>
public interface IFrameSource
{
    /// <summary>What would be sent on a perfect path.</summary>
    DataRate Wanted { get; }

    /// <summary>Bytes of the frame due now; 0 for none.</summary>
    int NextFrame(DataRate estimate, Instant now);
}

/// <summary>An encoder that follows the estimate between two bounds, as in RFC 8867 section 4.4 (simplified), 30 frames a second.</summary>
public sealed class AdaptiveSource(DataRate min, DataRate max, int seed) : IFrameSource
{
    private readonly Random _random = new(seed);

    public bool Paused { get; set; }

    public DataRate Wanted => Paused ? DataRate.Zero : max;

    public int NextFrame(DataRate estimate, Instant now)
    {
        if (Paused)
        {
            return 0;
        }

        DataRate rate = DataRate.Max(min, DataRate.Min(max, estimate * 0.95));
        return (int)(rate.BitsPerSecond / 8.0 / 30 * (0.9 + 0.2 * _random.NextDouble()));
    }
}

/// <summary>
/// One sender and its subscriber over a link and back: a frame source, the estimator under test and the pacer of its probes, wired
/// as the node wires them: what comes of the source is sent at once.
/// </summary>
public sealed class MediaFlow : IFeedbackTarget
{
    private const int PacketBytes = 1200;
    private static readonly TimeSpan FrameInterval = TimeSpan.FromMicroseconds(33_333);

    private readonly IFrameSource _source;
    private readonly EmulatedLink _link;
    private readonly PublisherPacer _publisher;
    private readonly ProbePacer _pacer = new();
    private readonly Instant _start;
    private Instant _nextFrame;
    private long _sequence;
    private int _probePacket;

    public MediaFlow(string name, IFrameSource source, EmulatedLink link, EmulatedLink back, Instant start, BandwidthEstimatorOptions? options = null)
    {
        Name = name;
        _source = source;
        _link = link;
        _start = start;
        _nextFrame = start;
        Estimator = new BandwidthEstimator(options ?? BandwidthEstimatorOptions.Default, start);
        Receiver = new FeedbackReceiver(back, this, start);
        _publisher = new PublisherPacer(start);
    }

    public string Name { get; }

    public BandwidthEstimator Estimator { get; }

    public FeedbackReceiver Receiver { get; }

    /// <summary>Extra one-way delay of this flow's own path, before the shared link.</summary>
    public TimeSpan AccessDelay { get; init; }

    public long PacketsSent => _sequence;

    public long PaddingBytes { get; private set; }

    private readonly Queue<(EmulatedPacket Packet, Instant At)> _access = new();
    private readonly Queue<(long First, long Last, IReadOnlyList<(long, long)> Arrivals, Instant At)> _accessBack = new();

    public void Tick(Instant now)
    {
        if (now < _start)
        {
            return;
        }

        Receiver.Tick(now);
        while (_accessBack.TryPeek(out (long First, long Last, IReadOnlyList<(long, long)> Arrivals, Instant At) message) && message.At <= now)
        {
            _accessBack.Dequeue();
            Apply(message.First, message.Last, message.Arrivals, now);
        }

        Estimator.SetWanted(_source.Wanted);
        if (now >= Estimator.NextDeadline)
        {
            Estimator.OnTime(now);
        }

        if (Estimator.TryTakeProbe(out ProbeCluster cluster))
        {
            _pacer.Start(cluster, now);
            _probePacket = cluster.PacketBytes;
        }

        if (now >= _nextFrame)
        {
            _nextFrame += FrameInterval;
            int frame = _source.NextFrame(Estimator.Estimate, now);
            int packets = (frame + PacketBytes - 1) / PacketBytes;
            for (int i = 0; i < packets; i++)
            {
                _publisher.Enqueue(frame / packets);
            }
        }

        // The tag is read before it is counted, because the last packet of a cluster ends it.
        while (_publisher.TryDequeue(Estimator.Estimate, now, out var bytes))
        {
            Send(bytes, _pacer.CurrentCluster, now);
            _pacer.OnMediaSent(bytes, now);
        }

        while (_pacer.PaddingDue(now) > DataSize.Zero)
        {
            PaddingBytes += _probePacket;
            Send(_probePacket, _pacer.CurrentCluster, now);
            _pacer.OnPaddingSent(_probePacket);
        }

        while (_access.TryPeek(out (EmulatedPacket Packet, Instant At) delayed) && delayed.At <= now)
        {
            _access.Dequeue();
            _link.Send(delayed.Packet, now);
        }
    }

    public void OnFeedback(long first, long last, IReadOnlyList<(long Sequence, long At)> arrivals, Instant now) =>
        _accessBack.Enqueue((first, last, arrivals, now + AccessDelay));

    private void Apply(long first, long last, IReadOnlyList<(long Sequence, long At)> arrivals, Instant now)
    {
        Estimator.BeginFeedback(now);
        int next = 0;
        for (long sequence = first; sequence <= last; sequence++)
        {
            if (next < arrivals.Count && arrivals[next].Sequence == sequence)
            {
                Estimator.OnReceived((ushort)sequence, arrivals[next++].At);
            }
            else
            {
                Estimator.OnMissing((ushort)sequence);
            }
        }

        Estimator.EndFeedback(now);
    }

    private void Send(int bytes, int cluster, Instant now)
    {
        long sequence = _sequence++;
        Estimator.OnPacketSent((ushort)sequence, bytes, cluster, now);
        _access.Enqueue((new EmulatedPacket(Receiver, sequence, bytes, now), now + AccessDelay));
    }
}
