namespace BuildIt.Operator.Runtime.Events;

/// <summary>What an Event says.</summary>
/// <param name="Subject">Uid of the object it is about.</param>
/// <param name="IsWarning">Warning rather than Normal.</param>
/// <param name="Reason">One word in CamelCase.</param>
/// <param name="Message">The sentence.</param>
public readonly record struct EventText(string Subject, bool IsWarning, string Reason, string Message);

/// <summary>What to do with an Event.</summary>
public enum EventAction
{
    /// <summary>Write a new Event.</summary>
    Create,

    /// <summary>Raise the count of the Event written before.</summary>
    Count,

    /// <summary>Write nothing now; the occurrence is counted with the next one.</summary>
    Hold,

    /// <summary>Write nothing: the object says too much.</summary>
    Drop,
}

/// <summary>A decision about an Event, with what to write.</summary>
public readonly record struct EventDecision(EventAction Action, string Name, string Message, int Count, DateTimeOffset First);

/// <summary>
/// Keeps Events few: the same text is counted instead of repeated, many similar texts become one, and one object may not
/// fill the server. Pure: takes the time as an argument. Not safe for several threads.
/// </summary>
public sealed class EventAggregator
{
    /// <summary>Different messages of one reason within <see cref="Window"/> before they are combined.</summary>
    public const int SimilarLimit = 10;

    /// <summary>Events that an object may write at once before it is held to one per <see cref="Refill"/>.</summary>
    public const int Burst = 50;

    private const int Capacity = 4096;

    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan Refill = TimeSpan.FromSeconds(30);

    /// <summary>Shortest time between two writes of the same Event's count.</summary>
    public static readonly TimeSpan CountInterval = TimeSpan.FromSeconds(10);

    private readonly Dictionary<EventText, Written> _written = [];
    private readonly Dictionary<(string, bool, string), Similar> _similar = [];
    private readonly Dictionary<string, Bucket> _buckets = [];

    internal int Remembered => _written.Count + _similar.Count + _buckets.Count;

    /// <summary>Decides about an occurrence.</summary>
    /// <param name="text">What happened.</param>
    /// <param name="now">When.</param>
    public EventDecision Decide(EventText text, DateTimeOffset now)
    {
        Trim(now);
        var shown = text.Message;
        if (IsCombined(text, now))
        {
            shown = $"(several like this) {text.Message}";
            text = text with { Message = string.Empty };
        }

        if (_written.TryGetValue(text, out var known) && now - known.Last < Window)
        {
            known.Count++;
            if (now - known.Last < CountInterval || !TryTake(text.Subject, now))
            {
                return new EventDecision(EventAction.Hold, known.Name, shown, known.Count, known.First);
            }

            known.Last = now;
            return new EventDecision(EventAction.Count, known.Name, shown, known.Count, known.First);
        }

        if (!TryTake(text.Subject, now))
        {
            return new EventDecision(EventAction.Drop, string.Empty, shown, 0, now);
        }

        known = new Written(NameOf(text, now), now);
        _written[text] = known;
        return new EventDecision(EventAction.Create, known.Name, shown, 1, now);
    }

    /// <summary>Forgets an Event that the server no longer has, so that the next occurrence makes a new one.</summary>
    public void Forget(EventText text)
    {
        _written.Remove(text);
        _written.Remove(text with { Message = string.Empty });
    }

    private bool IsCombined(EventText text, DateTimeOffset now)
    {
        var key = (text.Subject, text.IsWarning, text.Reason);
        if (!_similar.TryGetValue(key, out var similar) || now - similar.Start >= Window)
        {
            _similar[key] = similar = new Similar(now);
        }

        // A message that had its own Event before the limit goes on being counted there.
        if (similar.Messages.Contains(text.Message))
        {
            return false;
        }

        return similar.Messages.Count >= SimilarLimit || !similar.Messages.Add(text.Message);
    }

    private bool TryTake(string subject, DateTimeOffset now)
    {
        if (!_buckets.TryGetValue(subject, out var bucket))
        {
            _buckets[subject] = bucket = new Bucket(Burst, now);
        }

        bucket.Tokens = Math.Min(Burst, bucket.Tokens + ((now - bucket.At) / Refill));
        bucket.At = now;
        if (bucket.Tokens < 1)
        {
            return false;
        }

        bucket.Tokens--;
        return true;
    }

    private void Trim(DateTimeOffset now)
    {
        if (_written.Count + _similar.Count + _buckets.Count < Capacity)
        {
            return;
        }

        RemoveWhere(_written, w => now - w.Last >= Window);
        RemoveWhere(_similar, s => now - s.Start >= Window);
        RemoveWhere(_buckets, b => b.Tokens + ((now - b.At) / Refill) >= Burst);
        if (_written.Count + _similar.Count + _buckets.Count >= Capacity)
        {
            // All of it is recent. Starting over costs some repeated Events; growing without end would cost the process.
            _written.Clear();
            _similar.Clear();
            _buckets.Clear();
        }
    }

    private static void RemoveWhere<TKey, TValue>(Dictionary<TKey, TValue> from, Func<TValue, bool> isOld)
        where TKey : notnull
    {
        foreach (var (key, _) in from.Where(e => isOld(e.Value)).ToList())
        {
            from.Remove(key);
        }
    }

    private static string NameOf(EventText text, DateTimeOffset now)
    {
        // FNV-1a: stable between runs, unlike string.GetHashCode.
        var hash = 14695981039346656037UL;
        foreach (var c in $"{text.Subject}\n{text.IsWarning}\n{text.Reason}\n{text.Message}\n{now.UtcTicks}")
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return hash.ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
    }

    private sealed class Written(string name, DateTimeOffset first)
    {
        public string Name { get; } = name;

        public DateTimeOffset First { get; } = first;

        public DateTimeOffset Last { get; set; } = first;

        public int Count { get; set; } = 1;
    }

    private sealed class Similar(DateTimeOffset start)
    {
        public DateTimeOffset Start { get; } = start;

        public HashSet<string> Messages { get; } = new(StringComparer.Ordinal);
    }

    private sealed class Bucket(double tokens, DateTimeOffset at)
    {
        public double Tokens { get; set; } = tokens;

        public DateTimeOffset At { get; set; } = at;
    }
}
