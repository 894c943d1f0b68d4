using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>One change of the cache: <see cref="Old"/> is null for a new object, <see cref="New"/> for a deleted one.</summary>
public readonly record struct ObjectChange<T>(T? Old, T? New)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    /// <summary>The object as it is, or as it was before it was deleted.</summary>
    public T Latest => New ?? Old!;

    /// <summary>
    /// True when the object is the same but for its status. Only for kinds with a status subresource: of these the server counts
    /// the generation up whenever anything else beside the metadata changes.
    /// </summary>
    public bool IsStatusOnly => Old?.Metadata is { } old && New?.Metadata is { } now
        && old.Uid == now.Uid
        && old.Generation == now.Generation
        && old.DeletionTimestamp == now.DeletionTimestamp
        && Same(old.Finalizers, now.Finalizers)
        && Same(old.Labels, now.Labels)
        && Same(old.Annotations, now.Annotations);

    private static bool Same(IList<string>? a, IList<string>? b) => (a ?? []).SequenceEqual(b ?? []);

    private static bool Same(IDictionary<string, string>? a, IDictionary<string, string>? b) =>
        (a?.Count ?? 0) == (b?.Count ?? 0)
        && (a is null || b is null || a.All(pair => b.TryGetValue(pair.Key, out var value) && value == pair.Value));
}
