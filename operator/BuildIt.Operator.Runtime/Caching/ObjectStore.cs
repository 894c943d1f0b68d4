using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>
/// The known objects of one kind, with indexes. Pure and without locks: one writer, and readers outside a write.
/// Objects in it belong to everybody and must not be changed.
/// </summary>
public sealed class ObjectStore<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private readonly Dictionary<ObjectKey, T> _objects = [];
    private readonly Dictionary<string, Index> _indexes = new(StringComparer.Ordinal);

    public int Count => _objects.Count;

    public IEnumerable<T> Objects => _objects.Values;

    /// <summary>Adds an index. An object may stand under any number of values.</summary>
    public void AddIndex(string name, Func<T, IEnumerable<string>> values)
    {
        var index = new Index(values);
        foreach (var item in _objects.Values)
        {
            index.Add(item);
        }

        _indexes.Add(name, index);
    }

    public T? Find(ObjectKey key) => _objects.GetValueOrDefault(key);

    /// <summary>The objects under a value of an index.</summary>
    public IReadOnlyCollection<T> FindBy(string index, string value) => _indexes[index].Find(value);

    /// <summary>Stores an object that was added or modified. Null when the store already has it in this version or a later one.</summary>
    public ObjectChange<T>? Upsert(T item)
    {
        var key = ObjectKey.Of(item);
        var old = _objects.GetValueOrDefault(key);
        if (old is not null && !IsNewer(item, old))
        {
            return null;
        }

        Put(key, old, item);
        return new ObjectChange<T>(old, item);
    }

    /// <summary>Removes an object. Null when the store does not have it.</summary>
    public ObjectChange<T>? Remove(ObjectKey key)
    {
        if (!_objects.Remove(key, out var old))
        {
            return null;
        }

        foreach (var index in _indexes.Values)
        {
            index.Remove(old);
        }

        return new ObjectChange<T>(old, null);
    }

    /// <summary>
    /// Takes over a complete list and returns what differs from before: new and changed objects, and a deletion for each
    /// object that is no longer there. An object that was deleted and made again counts as both, in that order.
    /// </summary>
    public IReadOnlyList<ObjectChange<T>> Replace(IReadOnlyCollection<T> items)
    {
        var changes = new List<ObjectChange<T>>();
        var listed = items.Select(ObjectKey.Of).ToHashSet();
        foreach (var key in _objects.Keys.Where(k => !listed.Contains(k)).ToList())
        {
            changes.Add(Remove(key)!.Value);
        }

        foreach (var item in items)
        {
            var key = ObjectKey.Of(item);
            var old = _objects.GetValueOrDefault(key);
            if (old is not null && old.Metadata.Uid != item.Metadata.Uid)
            {
                changes.Add(Remove(key)!.Value);
                old = null;
            }

            // A list is the truth even when its versions look older, as after a restored backup.
            if (old is null || old.Metadata.ResourceVersion != item.Metadata.ResourceVersion)
            {
                Put(key, old, item);
                changes.Add(new ObjectChange<T>(old, item));
            }
        }

        return changes;
    }

    private static bool IsNewer(T item, T old) =>
        item.Metadata.Uid != old.Metadata.Uid
        || !ulong.TryParse(item.Metadata.ResourceVersion, out var version)
        || !ulong.TryParse(old.Metadata.ResourceVersion, out var known)
        || version > known;

    private void Put(ObjectKey key, T? old, T item)
    {
        _objects[key] = item;
        foreach (var index in _indexes.Values)
        {
            if (old is not null)
            {
                index.Remove(old);
            }

            index.Add(item);
        }
    }

    private sealed class Index(Func<T, IEnumerable<string>> values)
    {
        private readonly Dictionary<string, Dictionary<ObjectKey, T>> _byValue = new(StringComparer.Ordinal);

        public IReadOnlyCollection<T> Find(string value) => _byValue.TryGetValue(value, out var found) ? found.Values : [];

        public void Add(T item)
        {
            foreach (var value in values(item))
            {
                if (!_byValue.TryGetValue(value, out var items))
                {
                    _byValue[value] = items = [];
                }

                items[ObjectKey.Of(item)] = item;
            }
        }

        public void Remove(T item)
        {
            foreach (var value in values(item))
            {
                if (_byValue.TryGetValue(value, out var items) && items.Remove(ObjectKey.Of(item)) && items.Count == 0)
                {
                    _byValue.Remove(value);
                }
            }
        }
    }
}
