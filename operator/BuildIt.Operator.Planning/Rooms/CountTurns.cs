namespace BuildIt.Operator.Planning.Rooms;

/// <summary>How often the number of people in rooms is written, when nothing else about them has changed.</summary>
public static class CountPolicy
{
    /// <summary>Such writes of the whole operator in a second. An API server takes some hundred writes of any kind.</summary>
    public const int PerSecond = 50;

    /// <summary>One room's at most so often.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
}

/// <summary>
/// Shares out the writes of statuses in which only the number of people is another. Nothing is decided by that number, so it may
/// be late: whoever has been wrong for longest is next. Takes the time as an argument and starts nothing itself. Not safe for
/// several threads.
/// </summary>
/// <param name="perSecond">Turns in a second, over all keys; more than a tenth of it never come at once.</param>
/// <param name="interval">Shortest time between two writes of one key.</param>
public sealed class CountTurns<TKey>(int perSecond, TimeSpan interval)
    where TKey : notnull
{
    /// <summary>Who was called and does not ask within this loses the place to the next; it is called again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly double _most = Math.Max(1, perSecond / 10.0);
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly SortedSet<Entry> _resting = new(Entry.By(entry => entry.MayAt));
    private readonly SortedSet<Entry> _waiting = new(Entry.By(entry => entry.Since));
    private readonly SortedSet<Entry> _called = new(Entry.By(entry => entry.CalledAt));
    private readonly List<Entry> _untold = [];
    private readonly Dictionary<TKey, DateTimeOffset> _written = [];
    private readonly Queue<(TKey Key, DateTimeOffset At)> _order = new();
    private double _turns = Math.Max(1, perSecond / 10.0);
    private DateTimeOffset _countedAt = DateTimeOffset.MinValue;
    private long _arrived;

    /// <summary>Keys that wait for their turn.</summary>
    public int Waiting => _entries.Count;

    /// <summary>When <see cref="Call"/> may have somebody to call; null while nobody waits.</summary>
    public DateTimeOffset? NextDeadline
    {
        get
        {
            DateTimeOffset? next = _resting.Min?.MayAt;
            if (_waiting.Count > 0)
            {
                var missing = _called.Count + 1 - _turns;
                next = Earlier(next, _called.Count + 1 <= _most ? _countedAt + TimeSpan.FromSeconds(Math.Max(0, missing) / perSecond) : null);
                next = Earlier(next, _called.Min?.CalledAt + Patience);
            }

            return next;
        }
    }

    /// <summary>Asks for a turn.</summary>
    /// <returns>True when it is the key's turn, which is used up by this answer; false when it is to ask again once it is called.</returns>
    public bool Ask(TKey key, DateTimeOffset now)
    {
        if (!_entries.TryGetValue(key, out var entry))
        {
            Forget(now);
            entry = new Entry(key, now, _arrived++) { MayAt = _written.TryGetValue(key, out var at) ? at + interval : now };
            _entries.Add(key, entry);
            _resting.Add(entry);
        }

        Advance(now);
        if (!_called.Contains(entry))
        {
            return false;
        }

        Settle(key);
        _turns--;
        return true;
    }

    /// <summary>The key's status says what it should, however that came: nothing is left to be written.</summary>
    /// <returns>Whether it was waiting for its turn.</returns>
    public bool Settle(TKey key) =>
        _entries.Remove(key, out var entry) && (_resting.Remove(entry) || _waiting.Remove(entry) || _called.Remove(entry));

    /// <summary>The key's status was written, for whatever reason; the number of people with it.</summary>
    public void Wrote(TKey key, DateTimeOffset now)
    {
        Settle(key);
        _written[key] = now;
        _order.Enqueue((key, now));
        Forget(now);
    }

    /// <summary>Those whose turn has come since the last call, in order. They are to ask.</summary>
    public IReadOnlyList<TKey> Call(DateTimeOffset now)
    {
        Advance(now);
        if (_untold.Count == 0)
        {
            return [];
        }

        List<TKey> called = [.. _untold.Where(_called.Contains).Select(entry => entry.Key)];
        _untold.Clear();
        return called;
    }

    private void Advance(DateTimeOffset now)
    {
        if (now > _countedAt)
        {
            _turns = Math.Min(_most, _turns + ((now - _countedAt).TotalSeconds * perSecond));
            _countedAt = now;
        }

        while (_resting.Min is { } rested && rested.MayAt <= now)
        {
            _resting.Remove(rested);
            _waiting.Add(rested);
        }

        while (_called.Min is { } late && late.CalledAt + Patience <= now)
        {
            _called.Remove(late);
            _waiting.Add(late);
        }

        while (_waiting.Min is { } next && _turns - _called.Count >= 1)
        {
            _waiting.Remove(next);
            next.CalledAt = now;
            _called.Add(next);
            _untold.Add(next);
        }
    }

    private void Forget(DateTimeOffset now)
    {
        while (_order.TryPeek(out var oldest) && oldest.At + interval <= now)
        {
            _order.Dequeue();
            if (_written.TryGetValue(oldest.Key, out var at) && at == oldest.At)
            {
                _written.Remove(oldest.Key);
            }
        }
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? a, DateTimeOffset? b) => a is null || b < a ? b ?? a : a;

    private sealed class Entry(TKey key, DateTimeOffset since, long number)
    {
        public TKey Key { get; } = key;

        /// <summary>Since when its status has been wrong.</summary>
        public DateTimeOffset Since { get; } = since;

        public DateTimeOffset MayAt { get; init; }

        public DateTimeOffset CalledAt { get; set; }

        private long Number { get; } = number;

        public static Comparer<Entry> By(Func<Entry, DateTimeOffset> time) => Comparer<Entry>.Create((a, b) =>
            time(a).CompareTo(time(b)) is var order && order != 0 ? order : a.Number.CompareTo(b.Number));
    }
}
