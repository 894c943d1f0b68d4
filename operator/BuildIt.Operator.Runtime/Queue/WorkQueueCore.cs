using System.Diagnostics.CodeAnalysis;

namespace BuildIt.Operator.Runtime.Queue;

/// <summary>How a run of a key ended.</summary>
/// <param name="Failed">The run failed and is tried again after a delay that grows with failures in a row.</param>
/// <param name="RequeueAfter">When to run again although nothing failed; null for when something changes.</param>
public readonly record struct WorkOutcome(bool Failed, TimeSpan? RequeueAfter)
{
    public static WorkOutcome Done { get; } = new(false, null);

    public static WorkOutcome Failure { get; } = new(true, null);

    public static WorkOutcome After(TimeSpan delay) => new(false, delay);
}

/// <summary>
/// Decides which key runs next, and when. A key waits at most once (its earliest time counts), never runs twice at once
/// (work that arrives meanwhile runs afterwards), and starts at most once per interval. Takes the time as an argument and
/// starts nothing itself. Not safe for several threads; <see cref="WorkQueue{TKey}"/> is.
/// </summary>
public sealed class WorkQueueCore<TKey>(Backoff backoff, TimeSpan minInterval)
    where TKey : notnull
{
    /// <summary>Shortest time between two runs of a key that failed last time.</summary>
    public static readonly TimeSpan FailingInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly PriorityQueue<(Entry Entry, int Version), (DateTimeOffset Due, long Order)> _waiting = new();
    private readonly Queue<Entry> _cooling = new();
    private long _order;

    /// <summary>Keys that wait, whether or not their time has come.</summary>
    public int Waiting { get; private set; }

    /// <summary>Keys of which anything is known; the rest is forgotten.</summary>
    internal int Remembered => _entries.Count;

    /// <summary>Keys that run.</summary>
    public int Running { get; private set; }

    /// <summary>Asks for a run of <paramref name="key"/> at <paramref name="due"/>. A later time than one already asked for changes nothing.</summary>
    public void Add(TKey key, DateTimeOffset due, DateTimeOffset now)
    {
        Forget(now);
        if (!_entries.TryGetValue(key, out var entry))
        {
            _entries[key] = entry = new Entry(key);
        }

        if (entry.Running)
        {
            entry.DueAfterRun = entry.DueAfterRun is { } other && other <= due ? other : due;
            return;
        }

        Schedule(entry, due);
    }

    /// <summary>Takes the key whose time came first, if any has come. The caller must <see cref="Complete"/> it.</summary>
    /// <param name="now">The time.</param>
    /// <param name="key">The key to run.</param>
    /// <param name="late">How long the key has waited beyond its time.</param>
    public bool TryTake(DateTimeOffset now, [MaybeNullWhen(false)] out TKey key, out TimeSpan late)
    {
        Forget(now);
        while (_waiting.TryPeek(out var head, out var priority))
        {
            if (head.Version != head.Entry.Version)
            {
                _waiting.Dequeue();
                continue;
            }

            if (priority.Due > now)
            {
                break;
            }

            _waiting.Dequeue();
            var entry = head.Entry;
            entry.Due = null;
            entry.Running = true;
            entry.LastStart = now;
            Waiting--;
            Running++;
            key = entry.Key;
            late = now - priority.Due;
            return true;
        }

        key = default;
        late = default;
        return false;
    }

    /// <summary>Ends the run of a key and returns its failures in a row.</summary>
    /// <param name="key">A key that was taken.</param>
    /// <param name="outcome">How the run ended.</param>
    /// <param name="now">The time.</param>
    /// <param name="random">From 0 up to but not including 1, for the jitter of a retry.</param>
    public int Complete(TKey key, WorkOutcome outcome, DateTimeOffset now, double random)
    {
        if (!_entries.TryGetValue(key, out var entry) || !entry.Running)
        {
            throw new InvalidOperationException($"{key} does not run");
        }

        entry.Running = false;
        Running--;
        entry.Failures = outcome.Failed ? entry.Failures + 1 : 0;
        var arrived = entry.DueAfterRun;
        entry.DueAfterRun = null;
        if (outcome.Failed)
        {
            Schedule(entry, now + backoff.After(entry.Failures, random));
        }
        else if (outcome.RequeueAfter is { } delay)
        {
            Schedule(entry, now + delay);
        }

        if (arrived is { } due)
        {
            Schedule(entry, due);
        }

        if (entry.Due is null)
        {
            _cooling.Enqueue(entry);
        }

        return entry.Failures;
    }

    /// <summary>When the next key's time comes; null when none waits.</summary>
    public DateTimeOffset? NextDue()
    {
        while (_waiting.TryPeek(out var head, out var priority))
        {
            if (head.Version == head.Entry.Version)
            {
                return priority.Due;
            }

            _waiting.Dequeue();
        }

        return null;
    }

    private void Schedule(Entry entry, DateTimeOffset due)
    {
        // A change may mend what failed, so it does not wait out the retry's delay; but a key that fails and changes
        // because of itself must not run hot.
        var interval = entry.Failures > 0 && minInterval < FailingInterval ? FailingInterval : minInterval;
        if (entry.LastStart is { } start && due < start + interval)
        {
            due = start + interval;
        }

        if (entry.Due is { } earlier)
        {
            if (earlier <= due)
            {
                return;
            }
        }
        else
        {
            Waiting++;
        }

        entry.Due = due;
        entry.Version++;
        _waiting.Enqueue((entry, entry.Version), (due, _order++));
    }

    private void Forget(DateTimeOffset now)
    {
        while (_cooling.TryPeek(out var entry) && (entry.Due is not null || entry.Running || now >= entry.LastStart + minInterval))
        {
            _cooling.Dequeue();
            if (entry is { Due: null, Running: false })
            {
                _entries.Remove(entry.Key);
            }
        }
    }

    private sealed class Entry(TKey key)
    {
        public TKey Key { get; } = key;

        public DateTimeOffset? Due { get; set; }

        public DateTimeOffset? DueAfterRun { get; set; }

        public DateTimeOffset? LastStart { get; set; }

        public bool Running { get; set; }

        public int Failures { get; set; }

        /// <summary>Which of the key's places in the queue counts; earlier ones are stale.</summary>
        public int Version { get; set; }
    }
}
