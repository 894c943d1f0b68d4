namespace BuildIt.Sfu.Signaling.Rooms.Base;

/// <summary>Remembers so many of what was added last.</summary>
internal sealed class RecentSet<T>(int capacity)
    where T : notnull
{
    private readonly HashSet<T> _items = [];
    private readonly Queue<T> _order = new();

    public bool Contains(T item) => _items.Contains(item);

    /// <returns>False when it is remembered already.</returns>
    public bool Add(T item)
    {
        if (!_items.Add(item))
        {
            return false;
        }

        _order.Enqueue(item);
        if (_order.Count > capacity)
        {
            _items.Remove(_order.Dequeue());
        }

        return true;
    }
}
