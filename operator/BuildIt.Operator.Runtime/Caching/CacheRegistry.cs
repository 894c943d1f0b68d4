using System.Collections.Concurrent;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>The process's caches by kind: one for each.</summary>
public sealed class CacheRegistry
{
    private readonly ConcurrentDictionary<Type, IInformer> _informers = new();

    public IReadOnlyCollection<IInformer> All => (IReadOnlyCollection<IInformer>)_informers.Values;

    /// <summary>Adds the cache of a kind.</summary>
    /// <exception cref="InvalidOperationException">The kind has one already.</exception>
    public void Add<T>(Informer<T> informer)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (!_informers.TryAdd(typeof(T), informer))
        {
            throw new InvalidOperationException($"{typeof(T).Name} has a cache already");
        }
    }

    /// <summary>The cache of a kind.</summary>
    /// <exception cref="InvalidOperationException">The kind has none: it was not asked for when the operator was put together.</exception>
    public IObjectCache<T> Get<T>()
        where T : class, IKubernetesObject<V1ObjectMeta> => _informers.TryGetValue(typeof(T), out var informer)
            ? (Informer<T>)informer
            : throw new InvalidOperationException($"{typeof(T).Name} has no cache; ask for it with AddCache, Owns or Watches");

    /// <summary>Takes the answer to a write into the kind's cache, if it has one.</summary>
    internal void Observe<T>(T item)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (_informers.TryGetValue(typeof(T), out var informer))
        {
            ((Informer<T>)informer).Observe(item);
        }
    }
}
