using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.Operator.Resources.Names;

/// <summary>Labels on what is made for a fleet.</summary>
public static class ResourceLabels
{
    /// <summary>On a pod that serves somebody: what the disruption budget protects.</summary>
    public const string Busy = SfuApi.Group + "/busy";

    public const string BusyValue = "true";

    /// <summary>The recommended Kubernetes labels, which dashboards and tools know.</summary>
    public const string Name = "app.kubernetes.io/name";
    public const string ManagedBy = "app.kubernetes.io/managed-by";
    public const string PartOf = "app.kubernetes.io/part-of";

    public const string NodeName = "sfu-node";
    public const string OperatorName = "buildit-sfu-operator";

    /// <summary>Labels on everything that belongs to a fleet.</summary>
    public static Dictionary<string, string> OfFleet(SfuCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Name] = NodeName,
            [PartOf] = "buildit-sfu",
            [ManagedBy] = OperatorName,
            [SfuApi.ClusterLabel] = cluster.Metadata.Name,
        };
    }

    /// <summary>What selects the pods of a fleet.</summary>
    public static Dictionary<string, string> Selector(SfuCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [Name] = NodeName,
            [SfuApi.ClusterLabel] = cluster.Metadata.Name,
        };
    }

    /// <summary>The same as text, for the scale subresource and list requests.</summary>
    public static string SelectorText(SfuCluster cluster) =>
        string.Join(',', Selector(cluster).Select(label => $"{label.Key}={label.Value}"));

    /// <summary>Whether a pod is marked as serving somebody.</summary>
    public static bool IsBusy(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.Metadata?.Labels is { } labels && labels.TryGetValue(Busy, out var value) && value == BusyValue;
    }
}
