using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>Works out from feedback what rate a probe cluster reached.</summary>
internal sealed class ProbeMeasurement
{
    private const int MinPackets = 4;
    private const double MinFraction = 0.7;

    /// <summary>Arriving slower than this part of the sending rate means that the path was full.</summary>
    private const double Saturated = 0.9;

    /// <summary>What of a full path's measured rate is safe to use: a little less lets the probe's queue drain.</summary>
    private const double Utilisation = 0.95;

    private ProbeCluster _cluster;
    private Instant _firstSent;
    private Instant _lastSent;
    private long _firstArrival;
    private long _lastArrival;
    private long _bytes;
    private int _lastSentBytes;
    private int _firstArrivedBytes;
    private int _packets;

    /// <summary>Whether the last cluster was small: then a packet that was late by chance changes the result noticeably.</summary>
    public bool IsCoarse { get; private set; }

    public void Start(in ProbeCluster cluster)
    {
        IsCoarse = cluster.Size.Bytes < ProbeCluster.UsualBytes;
        _cluster = cluster;
        _packets = 0;
        _bytes = 0;
    }

    /// <summary>Adds an arrived packet. True once, when enough of the cluster has arrived for a result.</summary>
    public bool TryAdd(in SentPacket packet, long arrivedAt, out DataRate result)
    {
        result = default;
        if (_cluster.IsNone || packet.Cluster != _cluster.Id)
        {
            return false;
        }

        if (_packets == 0 || packet.SentAt < _firstSent)
        {
            _firstSent = packet.SentAt;
        }

        if (_packets == 0 || packet.SentAt >= _lastSent)
        {
            _lastSent = packet.SentAt;
            _lastSentBytes = packet.Bytes;
        }

        if (_packets == 0 || arrivedAt < _firstArrival)
        {
            _firstArrival = arrivedAt;
            _firstArrivedBytes = packet.Bytes;
        }

        _lastArrival = _packets == 0 ? arrivedAt : Math.Max(_lastArrival, arrivedAt);
        _packets++;
        _bytes += packet.Bytes;
        if (_packets < MinPackets || _bytes < _cluster.Size.Bytes * MinFraction)
        {
            return false;
        }

        double sendSeconds = (_lastSent - _firstSent).TotalSeconds;
        double arrivalSeconds = (_lastArrival - _firstArrival) / 1e6;
        if (sendSeconds <= 0 || arrivalSeconds <= 0)
        {
            return false;
        }

        // n packets span n-1 intervals: the last one sent and the first one received do not count.
        double sent = (_bytes - _lastSentBytes) * 8 / sendSeconds;
        double arrived = (_bytes - _firstArrivedBytes) * 8 / arrivalSeconds;
        double rate = Math.Min(sent, arrived);
        result = new DataRate((long)(arrived < Saturated * sent ? Utilisation * rate : rate));
        _cluster = default;
        return true;
    }
}
