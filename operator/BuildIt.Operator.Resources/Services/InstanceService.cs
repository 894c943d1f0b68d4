using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Resources.Pods;
using k8s.Models;

namespace BuildIt.Operator.Resources.Services;

/// <summary>The way from outside to the media ports of one pod, in the modes NodePort and LoadBalancer.</summary>
public static class InstanceService
{
    /// <summary>Whether the pods of a fleet have services of their own.</summary>
    public static bool IsNeeded(NetworkSpec network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return network.Mode is NetworkMode.NodePort or NetworkMode.LoadBalancer;
    }

    /// <param name="cluster">The fleet.</param>
    /// <param name="pod">The pod as Kubernetes has it: it owns its service, which goes with it.</param>
    /// <param name="mixedProtocols">Whether load balancers may carry UDP and TCP at once: Kubernetes 1.26 and later.</param>
    public static V1Service Build(SfuCluster cluster, V1Pod pod, bool mixedProtocols = true)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(pod);
        var network = cluster.Spec.Network;
        var loadBalancer = network.Mode is NetworkMode.LoadBalancer;
        var labels = ResourceLabels.OfFleet(cluster);
        labels[SfuApi.InstanceLabel] = pod.Metadata.Name;
        List<V1ServicePort> ports = [Port(PodPorts.MediaUdp, network.UdpPort, "UDP")];
        if (!loadBalancer || mixedProtocols)
        {
            ports.Add(Port(PodPorts.MediaTcp, network.TcpPort, "TCP"));
        }

        return new V1Service
        {
            ApiVersion = V1Service.KubeApiVersion,
            Kind = V1Service.KubeKind,
            Metadata = new V1ObjectMeta
            {
                Name = pod.Metadata.Name,
                NamespaceProperty = cluster.Metadata.NamespaceProperty,
                Labels = labels,
                OwnerReferences =
                [
                    new V1OwnerReference
                    {
                        ApiVersion = V1Pod.KubeApiVersion,
                        Kind = V1Pod.KubeKind,
                        Name = pod.Metadata.Name,
                        Uid = pod.Metadata.Uid,
                        Controller = true,
                        BlockOwnerDeletion = true,
                    },
                ],
            },
            Spec = new V1ServiceSpec
            {
                Type = loadBalancer ? "LoadBalancer" : "NodePort",
                Selector = new Dictionary<string, string>(StringComparer.Ordinal) { [SfuApi.InstanceLabel] = pod.Metadata.Name },

                // One hop less, and clients keep their own address, which ICE compares.
                ExternalTrafficPolicy = "Local",

                // A pod that drains is not ready, but the calls it has go on.
                PublishNotReadyAddresses = true,
                Ports = ports,
            },
        };
    }

    private static V1ServicePort Port(string name, int number, string protocol) =>
        new() { Name = name, Port = number, Protocol = protocol, TargetPort = name };
}
