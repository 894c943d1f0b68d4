using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using k8s.Models;

namespace BuildIt.Operator.Resources.Budgets;

/// <summary>
/// Keeps Kubernetes from evicting a pod that serves somebody. It selects the pods labelled busy and asks for more of them than
/// there can be: so no busy pod is ever evicted and every idle one may be, and the budget itself never has to change. A
/// cordoned Kubernetes node is not blocked by it for ever, because the cordon starts a drain and an empty pod loses the label.
/// </summary>
public static class DisruptionBudget
{
    public const string CurrentVersion = "policy/v1";

    /// <summary>For servers before 1.21. The object has the same fields.</summary>
    public const string OldVersion = "policy/v1beta1";

    // Pods made by anything but a workload of Kubernetes itself may be guarded by an absolute minAvailable only.
    private const int MoreThanThereCanBe = ReplicasSpec.Limit * 2;

    /// <param name="cluster">The fleet.</param>
    /// <param name="apiVersion"><see cref="CurrentVersion"/>, or <see cref="OldVersion"/> when the server has no other.</param>
    public static V1PodDisruptionBudget Build(SfuCluster cluster, string apiVersion = CurrentVersion)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var selector = ResourceLabels.Selector(cluster);
        selector[ResourceLabels.Busy] = ResourceLabels.BusyValue;
        return new V1PodDisruptionBudget
        {
            ApiVersion = apiVersion,
            Kind = V1PodDisruptionBudget.KubeKind,
            Metadata = new V1ObjectMeta
            {
                Name = ResourceNames.DisruptionBudget(cluster.Metadata.Name),
                NamespaceProperty = cluster.Metadata.NamespaceProperty,
                Labels = ResourceLabels.OfFleet(cluster),
                OwnerReferences = [Owners.Controller(cluster)],
            },
            Spec = new V1PodDisruptionBudgetSpec
            {
                MinAvailable = MoreThanThereCanBe,
                Selector = new V1LabelSelector { MatchLabels = selector },
            },
        };
    }
}
