namespace BuildIt.Testing.Network;

/// <summary>
/// Decides when each packet of one direction leaves: a rate with a bounded queue, then delay and faults. Pure and seeded;
/// times are since any fixed moment. Not thread-safe.
/// </summary>
public sealed class ImpairedLink(int seed)
{
    private readonly Random _random = new(seed);
    private TimeSpan _freeAt;
    private TimeSpan _lastDeparture;

    public LinkConditions Conditions { get; set; } = LinkConditions.Clear;

    /// <summary>Packets dropped because the queue was full.</summary>
    public long Overflowed { get; private set; }

    /// <summary>Packets lost by chance.</summary>
    public long Lost { get; private set; }

    /// <summary>When a packet that arrives now leaves the link; null when it is dropped.</summary>
    public TimeSpan? Schedule(int bytes, TimeSpan now)
    {
        var conditions = Conditions;
        if (_random.NextDouble() < conditions.Loss)
        {
            Lost++;
            return null;
        }

        var sent = now;
        if (conditions.BitsPerSecond > 0)
        {
            var start = _freeAt > now ? _freeAt : now;
            if (start - now > conditions.Queue)
            {
                Overflowed++;
                return null;
            }

            sent = _freeAt = start + TimeSpan.FromSeconds(bytes * 8.0 / conditions.BitsPerSecond);
        }

        var departure = sent + conditions.Delay + conditions.Jitter * _random.NextDouble();
        if (_random.NextDouble() < conditions.Reordering)
        {
            return departure + conditions.ReorderingDelay;
        }

        return _lastDeparture = departure > _lastDeparture ? departure : _lastDeparture;
    }
}
