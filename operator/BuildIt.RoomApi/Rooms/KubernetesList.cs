using k8s;
using k8s.Models;

namespace BuildIt.RoomApi.Rooms;

/// <summary>A page of objects as the API server answers it.</summary>
public sealed class KubernetesList<T> : IKubernetesObject<V1ListMeta>, IItems<T>
    where T : IKubernetesObject
{
    public string ApiVersion { get; set; } = string.Empty;

    public string Kind { get; set; } = string.Empty;

    public V1ListMeta Metadata { get; set; } = new();

    public IList<T> Items { get; set; } = [];
}
