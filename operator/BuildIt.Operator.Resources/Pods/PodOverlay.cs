using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using k8s.Models;

namespace BuildIt.Operator.Resources.Pods;

/// <summary>Lays a fleet's own additions over a pod. What the operator sets itself stays.</summary>
internal static class PodOverlay
{
    public static void Apply(V1Pod pod, SfuCluster cluster)
    {
        var overlay = cluster.Spec.PodTemplate;
        foreach (var (key, value) in overlay.Labels)
        {
            if (!IsOurs(key))
            {
                pod.Metadata.Labels.TryAdd(key, value);
            }
        }

        foreach (var (key, value) in overlay.Annotations)
        {
            if (!IsOurs(key))
            {
                pod.Metadata.Annotations ??= new Dictionary<string, string>(StringComparer.Ordinal);
                pod.Metadata.Annotations.TryAdd(key, value);
            }
        }

        var spec = pod.Spec;
        spec.NodeSelector = overlay.NodeSelector.Count > 0 ? overlay.NodeSelector : null;
        spec.Tolerations = overlay.Tolerations.Count > 0 ? [.. overlay.Tolerations] : null;
        spec.Affinity = overlay.Affinity;
        spec.TopologySpreadConstraints = overlay.TopologySpreadConstraints.Count > 0 ? [.. overlay.TopologySpreadConstraints] : Spread(cluster);
        spec.PriorityClassName = overlay.PriorityClassName;
        spec.ServiceAccountName = overlay.ServiceAccountName;
        spec.ImagePullSecrets = overlay.ImagePullSecrets.Count > 0
            ? [.. overlay.ImagePullSecrets.Select(secret => new V1LocalObjectReference { Name = secret.Name })]
            : null;
        foreach (var variable in overlay.Env)
        {
            if (spec.Containers[0].Env.All(own => own.Name != variable.Name))
            {
                spec.Containers[0].Env.Add(variable);
            }
        }

        foreach (var container in overlay.ExtraContainers)
        {
            if (container.Name != PodBuilder.ContainerName)
            {
                spec.Containers.Add(container);
            }
        }
    }

    private static bool IsOurs(string key) => key.StartsWith(SfuApi.Group + "/", StringComparison.Ordinal);

    private static List<V1TopologySpreadConstraint> Spread(SfuCluster cluster) =>
    [
        SpreadOver(cluster, "topology.kubernetes.io/zone"),
        SpreadOver(cluster, "kubernetes.io/hostname"),
    ];

    private static V1TopologySpreadConstraint SpreadOver(SfuCluster cluster, string topologyKey) => new()
    {
        MaxSkew = 1,
        TopologyKey = topologyKey,
        WhenUnsatisfiable = "ScheduleAnyway",
        LabelSelector = new V1LabelSelector { MatchLabels = ResourceLabels.Selector(cluster) },
    };
}
