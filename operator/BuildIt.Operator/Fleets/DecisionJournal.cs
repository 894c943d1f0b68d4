using BuildIt.Operator.Planning.Replay;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Fleets;

/// <summary>
/// What was decided lately about each of many objects, so that a person can ask why. Bounded: of an object the last
/// <see cref="PerObject"/> are kept, and of objects those that were decided about last. Any thread.
/// </summary>
/// <param name="objects">How many objects are remembered.</param>
internal abstract class DecisionJournal(int objects)
{
    /// <summary>Entries of one object. What is decided again and again is one.</summary>
    public const int PerObject = 24;

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, LinkedListNode<ObjectHistory>> _histories = [];
    private readonly LinkedList<ObjectHistory> _order = new();

    /// <summary>Notes a decision.</summary>
    public void Add(ObjectKey key, string what, string reason, DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_histories.TryGetValue(key, out var history))
            {
                _order.Remove(history);
            }
            else
            {
                history = new LinkedListNode<ObjectHistory>(new ObjectHistory(key, []));
                _histories.Add(key, history);
                if (_histories.Count > objects)
                {
                    _histories.Remove(_order.First!.Value.Key);
                    _order.RemoveFirst();
                }
            }

            _order.AddLast(history);
            Enter_NeedsLock(history.Value.Entries, what, reason, now);
        }
    }

    /// <summary>What is remembered of an object, in the order in which it was decided last.</summary>
    public IReadOnlyList<JournalEntry> Read(ObjectKey key)
    {
        lock (_lock)
        {
            return _histories.TryGetValue(key, out var history) ? [.. history.Value.Entries] : [];
        }
    }

    private static void Enter_NeedsLock(List<JournalEntry> entries, string what, string reason, DateTimeOffset now)
    {
        var known = entries.FindLastIndex(entry => entry.What == what && entry.Reason == reason);
        var entry = known < 0 ? new JournalEntry(what, reason, now, now, 1) : entries[known] with { LastAt = now, Times = entries[known].Times + 1 };
        if (known >= 0)
        {
            entries.RemoveAt(known);
        }
        else if (entries.Count == PerObject)
        {
            entries.RemoveAt(0);
        }

        entries.Add(entry);
    }

    private sealed record ObjectHistory(ObjectKey Key, List<JournalEntry> Entries);
}

/// <summary>What was decided about rooms.</summary>
internal sealed class RoomJournal() : DecisionJournal(20_000);
