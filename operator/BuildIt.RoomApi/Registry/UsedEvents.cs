using BuildIt.RoomApi.Nostr;

namespace BuildIt.RoomApi.Registry;

/// <summary>
/// The NIP-98 events that this replica has taken, for as long as one could be taken again. Redis knows those of all replicas; when
/// it was emptied, each writes its own into it again. Bounded; thread-safe.
/// </summary>
public sealed class UsedEvents(TimeProvider time)
{
    /// <summary>More than these are only in Redis.</summary>
    public const int Capacity = 100_000;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly Queue<(string Event, DateTimeOffset Until)> _order = new();

    /// <summary>Remembers an event. False when it is known.</summary>
    public bool TryAdd(string eventId)
    {
        lock (_lock)
        {
            Forget_NeedsLock();
            if (!_known.Add(eventId))
            {
                return false;
            }

            _order.Enqueue((eventId, time.GetUtcNow() + HttpAuth.Memory));
            if (_order.Count > Capacity)
            {
                _known.Remove(_order.Dequeue().Event);
            }

            return true;
        }
    }

    /// <summary>What is remembered, and for how long still.</summary>
    public IReadOnlyList<(string Event, TimeSpan Left)> All()
    {
        lock (_lock)
        {
            Forget_NeedsLock();
            var now = time.GetUtcNow();
            return [.. _order.Select(entry => (entry.Event, entry.Until - now))];
        }
    }

    private void Forget_NeedsLock()
    {
        while (_order.TryPeek(out var oldest) && oldest.Until <= time.GetUtcNow())
        {
            _known.Remove(_order.Dequeue().Event);
        }
    }
}
