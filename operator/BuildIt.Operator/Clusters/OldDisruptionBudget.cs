using k8s;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>A PodDisruptionBudget as servers before 1.21 know it (policy/v1beta1); the same fields.</summary>
[KubernetesEntity(Group = "policy", ApiVersion = "v1beta1", Kind = V1PodDisruptionBudget.KubeKind, PluralName = V1PodDisruptionBudget.KubePluralName)]
internal sealed class OldDisruptionBudget : IKubernetesObject<V1ObjectMeta>, ISpec<V1PodDisruptionBudgetSpec?>
{
    public string ApiVersion { get; set; } = "policy/v1beta1";

    public string Kind { get; set; } = V1PodDisruptionBudget.KubeKind;

    public V1ObjectMeta Metadata { get; set; } = new();

    public V1PodDisruptionBudgetSpec? Spec { get; set; }
}
