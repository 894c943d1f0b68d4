using BuildIt.Operator.Planning.Topology;

namespace BuildIt.Operator.Links;

/// <summary>
/// How much is sent over a link, from what its nodes have counted. Each node's count is followed by itself: rooms end, nodes fall silent and
/// are heard again, and none of that is traffic. One thread at a time.
/// </summary>
internal sealed class SendRate
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(5);

    /// <summary>A node that was silent for longer begins anew.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);

    private readonly Dictionary<(string Node, string Peer), (long Bytes, DateTimeOffset At)> _known = [];
    private DateTimeOffset? _windowStart;
    private long _bytes;
    private long? _rate;

    /// <summary>Bits per second over the last seconds; null until there have been some.</summary>
    public long? Of(IReadOnlyList<SentOver> sent, DateTimeOffset now)
    {
        _windowStart ??= now;
        foreach (var one in sent)
        {
            if (_known.TryGetValue((one.Node, one.Peer), out var before))
            {
                _bytes += Math.Max(0, one.Bytes - before.Bytes);
            }

            _known[(one.Node, one.Peer)] = (one.Bytes, now);
        }

        if (now - _windowStart >= Window)
        {
            _rate = (long)(_bytes * 8 / (now - _windowStart.Value).TotalSeconds);
            (_bytes, _windowStart) = (0, now);
            foreach (var gone in _known.Where(known => now - known.Value.At > Memory).Select(known => known.Key).ToList())
            {
                _known.Remove(gone);
            }
        }

        return _rate;
    }
}
