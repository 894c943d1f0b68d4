using BuildIt.Operator.Api;
using k8s.Models;

namespace BuildIt.Operator.Resources.Pods;

/// <summary>Chooses the host port of a new pod.</summary>
public static class HostPorts
{
    /// <summary>
    /// The least used port of the range, the lowest of equals; null when the fleet takes none from a range. Two pods may have
    /// the same one: the scheduler puts them on different Kubernetes nodes.
    /// </summary>
    public static int? Pick(NetworkSpec network, IEnumerable<V1Pod> pods)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(pods);
        if (network.Mode is not NetworkMode.HostPort || network.HostPortRange is not { } range || range.Last < range.First)
        {
            return null;
        }

        var uses = new int[range.Last - range.First + 1];
        foreach (var pod in pods)
        {
            if (Of(pod) is { } port && port >= range.First && port <= range.Last)
            {
                uses[port - range.First]++;
            }
        }

        return range.First + Array.IndexOf(uses, uses.Min());
    }

    /// <summary>The UDP host port of a pod; null when it has none.</summary>
    public static int? Of(V1Pod pod)
    {
        ArgumentNullException.ThrowIfNull(pod);
        return pod.Spec?.Containers?
            .FirstOrDefault(container => container.Name == PodBuilder.ContainerName)?.Ports?
            .FirstOrDefault(port => port.Name == PodPorts.MediaUdp)?.HostPort;
    }
}
