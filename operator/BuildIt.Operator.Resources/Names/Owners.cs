using k8s;
using k8s.Models;

namespace BuildIt.Operator.Resources.Names;

/// <summary>Owner references, by which Kubernetes clears away what belonged to something deleted.</summary>
public static class Owners
{
    /// <summary>A reference to the one owner that looks after the object.</summary>
    public static V1OwnerReference Controller(IKubernetesObject<V1ObjectMeta> owner)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return new V1OwnerReference
        {
            ApiVersion = owner.ApiVersion,
            Kind = owner.Kind,
            Name = owner.Metadata.Name,
            Uid = owner.Metadata.Uid,
            Controller = true,
            BlockOwnerDeletion = true,
        };
    }
}
