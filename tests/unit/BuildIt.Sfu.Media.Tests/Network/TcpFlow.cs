using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>A long TCP transfer, as NewReno sees it (RFC 6582, without its details): the competitor of RFC 8867 section 5.6.</summary>
public sealed class TcpFlow(EmulatedLink link, Instant start, TimeSpan returnDelay) : IPacketReceiver
{
    private const int SegmentBytes = 1460;

    private readonly Queue<(long Sequence, Instant At)> _acknowledgements = new();
    private readonly SortedDictionary<long, Instant> _inFlight = [];
    private readonly Window _received = new(TimeSpan.FromSeconds(1));
    private double _window = 10;
    private double _threshold = double.MaxValue;
    private long _next;
    private long _recoverUntil = -1;
    private Instant _lastProgress;

    public DataRate RateAt(Instant now) => _received.RateAt(now);

    public void OnPacket(in EmulatedPacket packet, Instant now)
    {
        _received.Add(packet.Bytes, now);
        _acknowledgements.Enqueue((packet.Sequence, now + returnDelay));
    }

    public void Tick(Instant now)
    {
        if (now < start)
        {
            return;
        }

        while (_acknowledgements.TryPeek(out (long Sequence, Instant At) ack) && ack.At <= now)
        {
            _acknowledgements.Dequeue();
            OnAcknowledged(ack.Sequence, now);
        }

        if (_inFlight.Count > 0 && now - _lastProgress > TimeSpan.FromSeconds(1))
        {
            _threshold = Math.Max(2, _window / 2);
            _window = 1;
            _inFlight.Clear();
            _lastProgress = now;
        }

        while (_inFlight.Count < (int)_window)
        {
            _inFlight.Add(_next, now);
            link.Send(new EmulatedPacket(this, _next++, SegmentBytes, now), now);
        }
    }

    private void OnAcknowledged(long sequence, Instant now)
    {
        _lastProgress = now;
        if (!_inFlight.Remove(sequence))
        {
            return;
        }

        // Three later ones arrived: lost, and sent again as new data. One halving for each window.
        while (_inFlight.Count > 0 && _inFlight.Keys.First() < sequence - 3)
        {
            long lost = _inFlight.Keys.First();
            _inFlight.Remove(lost);
            if (lost > _recoverUntil)
            {
                _threshold = Math.Max(2, _window / 2);
                _window = _threshold;
                _recoverUntil = _next - 1;
            }
        }

        _window += _window < _threshold ? 1 : 1 / _window;
    }
}
