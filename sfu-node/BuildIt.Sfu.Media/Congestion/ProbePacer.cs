using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Congestion;

/// <summary>
/// Spreads a probe over time, so that it asks of the link its own rate and no more: media leaves when it arrives and counts towards the
/// probe, padding fills what is left. Without a probe it does nothing. Pure; not thread-safe.
/// </summary>
public sealed class ProbePacer
{
    /// <summary>A portion is what the rate allows in this time; what is in a portion may leave as one message.</summary>
    private static readonly TimeSpan BurstTime = TimeSpan.FromMilliseconds(1);

    private static readonly TimeSpan MaxDelay = TimeSpan.FromMilliseconds(3);

    private ProbeCluster _probe;
    private long _left;
    private double _debtBytes;
    private Instant _lastDrain;
    private bool _withinPortion;

    /// <summary>Tag for packets that leave now: the probe under way, or <see cref="ProbeCluster.None"/>.</summary>
    public int CurrentCluster => _probe.Id;

    /// <summary>When <see cref="PaddingDue"/> may have something; now or earlier means at once, never that no probe is under way.</summary>
    public Instant NextDeadline => _probe.IsNone ? Instant.Never : _debtBytes <= 0 ? _lastDrain : _lastDrain + DebtTime();

    /// <summary>Begins a burst at the cluster's rate; a burst still under way is given up.</summary>
    public void Start(in ProbeCluster cluster, Instant now)
    {
        Drain(now);
        _debtBytes = _probe.IsNone ? 0 : Math.Min(_debtBytes, 0);
        _lastDrain = now;
        _probe = cluster;
        _left = cluster.Size.Bytes;
    }

    /// <summary>A packet of media leaves.</summary>
    public void OnMediaSent(int bytes, Instant now)
    {
        Drain(now);
        Charge(bytes);
    }

    /// <summary>
    /// Bytes of padding (retransmissions of recent packets, or padding packets) that the probe under way wants now.
    /// Report what was sent with <see cref="OnPaddingSent"/> and ask again.
    /// </summary>
    public DataSize PaddingDue(Instant now)
    {
        Drain(now);
        return _probe.IsNone || !MaySend() ? DataSize.Zero : new DataSize(_left);
    }

    public void OnPaddingSent(int bytes) => Charge(bytes);

    /// <summary>A portion at a time: once it is out, nothing goes before its time has passed. Portions, not a trickle.</summary>
    private bool MaySend() => _debtBytes <= 0 || _withinPortion;

    private void Charge(int bytes)
    {
        if (_probe.IsNone)
        {
            return;
        }

        _debtBytes += bytes;
        _withinPortion = _debtBytes < _probe.Rate.Over(BurstTime).Bytes;
        _left -= bytes;
        if (_left <= 0)
        {
            _probe = default;
        }
    }

    private TimeSpan DebtTime() => _probe.Rate.TimeFor(new DataSize((long)Math.Ceiling(_debtBytes)));

    private void Drain(Instant now)
    {
        var elapsed = now - _lastDrain;
        if (_probe.IsNone || elapsed <= TimeSpan.Zero)
        {
            return;
        }

        _lastDrain = now;

        // A probe that is called a little late makes up for it, or it would measure the caller's timer.
        double credit = _probe.Rate.Over(MaxDelay).Bytes;
        _debtBytes = Math.Max(-credit, _debtBytes - _probe.Rate.BitsPerSecond / 8.0 * elapsed.TotalSeconds);
    }
}
