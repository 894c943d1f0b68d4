using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>
/// Takes off an object what nobody who reads a cache needs. Nothing that is written goes by these: server-side apply compares
/// fields, patches name theirs, and of a status that is replaced the server keeps its own metadata.
/// </summary>
public static class ObjectTrim
{
    /// <summary>What kubectl keeps of the last <c>kubectl apply</c>: the object once more, as text.</summary>
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>Takes off the record of who set what, often larger than all the rest, and what kubectl keeps for itself.</summary>
    public static void Metadata(IKubernetesObject<V1ObjectMeta> item)
    {
        ArgumentNullException.ThrowIfNull(item);
        item.Metadata.ManagedFields = null;
        item.Metadata.Annotations?.Remove(LastApplied);
    }
}
