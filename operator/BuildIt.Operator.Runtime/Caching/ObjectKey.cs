using k8s;
using k8s.Models;

namespace BuildIt.Operator.Runtime.Caching;

/// <summary>Namespace and name of an object; the namespace is empty for an object of the whole cluster.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    public static ObjectKey Of(IKubernetesObject<V1ObjectMeta> item) => new(item.Metadata.NamespaceProperty ?? string.Empty, item.Metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
