using BuildIt.Sfu.Contracts;

namespace BuildIt.Sfu.Node.Routing;

/// <summary>One at a time for each room, and no room waits for another. Thread-safe.</summary>
internal sealed class RoomLocks
{
    private readonly Dictionary<RoomId, Entry> _entries = [];

    /// <summary>Waits for the room's turn; dispose what is returned to end it.</summary>
    public async Task<IDisposable> EnterAsync(RoomId room, CancellationToken cancellation)
    {
        Entry? entry;
        lock (_entries)
        {
            if (!_entries.TryGetValue(room, out entry))
            {
                _entries.Add(room, entry = new Entry());
            }

            entry.Users++;
        }

        try
        {
            await entry.Turn.WaitAsync(cancellation);
            return new Holder(this, room, entry);
        }
        catch
        {
            Leave(room, entry);
            throw;
        }
    }

    private void Leave(RoomId room, Entry entry)
    {
        lock (_entries)
        {
            if (--entry.Users == 0)
            {
                _entries.Remove(room);
                entry.Turn.Dispose();
            }
        }
    }

    private sealed class Entry
    {
        public SemaphoreSlim Turn { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Holder(RoomLocks locks, RoomId room, Entry entry) : IDisposable
    {
        public void Dispose()
        {
            entry.Turn.Release();
            locks.Leave(room, entry);
        }
    }
}
