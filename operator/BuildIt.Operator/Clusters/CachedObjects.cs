using BuildIt.Operator.Resources.Pods;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>
/// Takes off cached pods and Kubernetes nodes all that the operator does not read; there may be ten thousand of each. Whoever
/// wants to read more of one begins here.
/// </summary>
internal static class CachedObjects
{
    public static void Trim(V1Pod pod)
    {
        if (pod.Spec is { } spec)
        {
            pod.Spec = new V1PodSpec
            {
                NodeName = spec.NodeName,
                Containers = [.. (spec.Containers ?? []).Where(c => c.Name == PodBuilder.ContainerName).Select(c => new V1Container { Name = c.Name, Ports = c.Ports })],
            };
        }

        if (pod.Status is { } status)
        {
            pod.Status = new V1PodStatus
            {
                Phase = status.Phase,
                HostIP = status.HostIP,
                PodIP = status.PodIP,
                Conditions = Ready(status.Conditions),
                ContainerStatuses = [.. (status.ContainerStatuses ?? []).Where(c => c.Name == PodBuilder.ContainerName).Select(Trimmed)],
            };
        }
    }

    public static void Trim(V1Node node)
    {
        node.Metadata.Annotations = null;
        node.Metadata.Labels = null;
        if (node.Spec is { } spec)
        {
            node.Spec = new V1NodeSpec { Unschedulable = spec.Unschedulable, Taints = spec.Taints };
        }

        if (node.Status is { } status)
        {
            node.Status = new V1NodeStatus
            {
                Addresses = status.Addresses,
                Conditions = [.. (status.Conditions ?? []).Where(condition => condition.Type == "Ready")],
            };
        }
    }

    private static List<V1PodCondition> Ready(IList<V1PodCondition>? conditions) =>
        [.. (conditions ?? []).Where(condition => condition.Type == "Ready")];

    // Without its images and its identifiers.
    private static V1ContainerStatus Trimmed(V1ContainerStatus status) => new()
    {
        Name = status.Name,
        State = status.State,
        LastState = status.LastState,
    };
}
