using BuildIt.Sfu.Media.Base;

namespace BuildIt.Sfu.Media.Tests.Network;

/// <summary>
/// A subscriber: notes arrivals and sends transport-wide feedback over the way back every 50 ms, with times rounded to
/// the format's 250 microseconds and on a clock of its own.
/// </summary>
public sealed class FeedbackReceiver(EmulatedLink back, IFeedbackTarget target, Instant start) : IPacketReceiver
{
    private const long ClockOffset = 77_000_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly SortedDictionary<long, long> _arrivals = [];
    private readonly Dictionary<long, (long From, long To, List<(long Sequence, long At)> Arrivals)> _sent = [];
    private readonly Window _received = new(TimeSpan.FromSeconds(1));
    private long _next;
    private long _messages;
    private Instant _nextFeedback = start;

    public List<TimeSpan> OneWayDelays { get; } = [];

    public DataRate RateAt(Instant now) => _received.RateAt(now);

    public void OnPacket(in EmulatedPacket packet, Instant now)
    {
        if (packet.Receiver == this)
        {
            OneWayDelays.Add(now - packet.SentAt);
            _received.Add(packet.Bytes, now);
            _arrivals.TryAdd(packet.Sequence, (now.Microseconds + ClockOffset) / 250 * 250);
        }
    }

    public void Tick(Instant now)
    {
        if (now < _nextFeedback)
        {
            return;
        }

        _nextFeedback = now + Interval;
        if (_arrivals.Count == 0)
        {
            return;
        }

        long last = _arrivals.Keys.Last();
        var arrivals = _arrivals.Select(a => (a.Key, a.Value)).ToList();
        long first = Math.Min(_next, arrivals[0].Key);
        _sent.Add(_messages, (first, last, arrivals));
        _next = Math.Max(_next, last + 1);
        _arrivals.Clear();
        back.Send(new EmulatedPacket(new Arrival(this), _messages++, 60 + arrivals.Count * 2, now), now);
    }

    private void Deliver(long message, Instant now)
    {
        if (!_sent.Remove(message, out (long From, long To, List<(long Sequence, long At)> Arrivals) feedback))
        {
            return;
        }

        target.OnFeedback(feedback.From, feedback.To, feedback.Arrivals, now);
    }

    private sealed class Arrival(FeedbackReceiver owner) : IPacketReceiver
    {
        public void OnPacket(in EmulatedPacket packet, Instant now) => owner.Deliver(packet.Sequence, now);
    }
}

public interface IFeedbackTarget
{
    /// <summary>Packets from <paramref name="first"/> to <paramref name="last"/>; those not in <paramref name="arrivals"/> are missing.</summary>
    void OnFeedback(long first, long last, IReadOnlyList<(long Sequence, long At)> arrivals, Instant now);
}

/// <summary>A sliding sum of bytes.</summary>
public sealed class Window(TimeSpan length)
{
    private readonly Queue<(Instant At, int Bytes)> _entries = new();
    private long _bytes;

    public void Add(int bytes, Instant now)
    {
        _entries.Enqueue((now, bytes));
        _bytes += bytes;
    }

    public DataRate RateAt(Instant now)
    {
        while (_entries.TryPeek(out (Instant At, int Bytes) oldest) && oldest.At < now - length)
        {
            _bytes -= _entries.Dequeue().Bytes;
        }

        return new DataSize(_bytes).Per(length);
    }
}
