using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Resources.Pods;
using k8s.Models;

namespace BuildIt.Operator.Resources.Services;

/// <summary>The one address of a fleet for signalling. Any pod that is ready answers.</summary>
public static class SignalService
{
    public static V1Service Build(SfuCluster cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return new V1Service
        {
            ApiVersion = V1Service.KubeApiVersion,
            Kind = V1Service.KubeKind,
            Metadata = new V1ObjectMeta
            {
                Name = ResourceNames.SignalService(cluster.Metadata.Name),
                NamespaceProperty = cluster.Metadata.NamespaceProperty,
                Labels = ResourceLabels.OfFleet(cluster),
                OwnerReferences = [Owners.Controller(cluster)],
            },
            Spec = new V1ServiceSpec
            {
                Type = "ClusterIP",
                Selector = ResourceLabels.Selector(cluster),
                Ports =
                [
                    new V1ServicePort
                    {
                        Name = PodPorts.SignalName,
                        Port = cluster.Spec.Network.SignalPort,
                        Protocol = "TCP",
                        TargetPort = PodPorts.SignalName,
                    },
                ],
            },
        };
    }
}
