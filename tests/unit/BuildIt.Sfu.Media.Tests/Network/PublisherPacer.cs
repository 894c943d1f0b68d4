using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>
/// Spreads a frame's packets over time, as browsers do what they publish: in portions at twice the rate, and faster when more waits.
/// The node forwards them as they come.
/// </summary>
internal sealed class PublisherPacer(Instant start)
{
    private const double Factor = 2.0;

    private static readonly TimeSpan MaxQueueTime = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan BurstTime = TimeSpan.FromMilliseconds(5);

    private readonly Queue<int> _packets = new();
    private double _debtBytes;
    private long _queuedBytes;
    private Instant _lastDrain = start;
    private bool _withinPortion;

    public void Enqueue(int bytes)
    {
        _packets.Enqueue(bytes);
        _queuedBytes += bytes;
    }

    /// <summary>The size of the next packet whose time has come. Call until false.</summary>
    public bool TryDequeue(DataRate estimate, Instant now, out int bytes)
    {
        var rate = DataRate.Max(estimate * Factor, new DataSize(_queuedBytes).Per(MaxQueueTime));
        _debtBytes = Math.Max(0, _debtBytes - rate.BitsPerSecond / 8.0 * (now - _lastDrain).TotalSeconds);
        _lastDrain = now;
        bytes = 0;
        if (_packets.Count == 0 || !(_debtBytes <= 0 || _withinPortion))
        {
            return false;
        }

        bytes = _packets.Dequeue();
        _queuedBytes -= bytes;
        _debtBytes += bytes;
        _withinPortion = _debtBytes < rate.Over(BurstTime).Bytes;
        return true;
    }
}
