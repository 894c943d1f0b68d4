using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>
/// What is known of one kind of object, as last heard from the API server. Safe for any thread. The objects belong to
/// everybody: copy before changing.
/// </summary>
public interface IObjectCache<T>
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>True once the first complete list has been taken over.</summary>
    bool IsSynced { get; }

    T? Find(ObjectKey key);

    /// <summary>All objects, or those of one namespace.</summary>
    IReadOnlyList<T> List(string? ns = null);

    /// <summary>The objects that stand under a value of an index.</summary>
    IReadOnlyList<T> FindBy(string index, string value);

    /// <summary>The objects that an owner controls, by the owner's uid.</summary>
    IReadOnlyList<T> OwnedBy(string ownerUid);
}
