using System.Net;
using System.Net.Sockets;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Pods;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>The address clients send a pod's media to, as far as Kubernetes shows it. Pure.</summary>
/// <param name="Host">IP address or, for some load balancers, a host name; null while it is not known.</param>
/// <param name="UdpPort">The outside UDP port; null while it is not known.</param>
/// <param name="TcpPort">The outside TCP port; null when there is none.</param>
/// <param name="Missing">What is being waited for, in words, when something is not known.</param>
internal sealed record MediaAddress(string? Host, int? UdpPort, int? TcpPort, string? Missing)
{
    /// <summary>The address of a pod.</summary>
    /// <param name="network">How the fleet is reached.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="node">Its Kubernetes node; null while it has none.</param>
    /// <param name="service">Its own service, in the modes that have one.</param>
    public static MediaAddress Of(NetworkSpec network, V1Pod pod, V1Node? node, V1Service? service)
    {
        var (host, missing) = HostOf(network, pod, node, service);
        if (network.Mode is not NetworkMode.NodePort)
        {
            return new MediaAddress(host, HostPorts.Of(pod) ?? network.UdpPort, TcpPortOf(pod) ?? network.TcpPort, missing);
        }

        var udp = NodePortOf(service, PodPorts.MediaUdp);
        return new MediaAddress(host, udp, NodePortOf(service, PodPorts.MediaTcp), missing ?? (udp is null ? "its service has no node port yet" : null));
    }

    /// <summary>Host and UDP port as one text; null while either is not known.</summary>
    public string? Endpoint => Host is { } host && UdpPort is { } port
        ? IPAddress.TryParse(host, out var ip) && ip.AddressFamily is AddressFamily.InterNetworkV6 ? $"[{host}]:{port}" : $"{host}:{port}"
        : null;

    private static (string? Host, string? Missing) HostOf(NetworkSpec network, V1Pod pod, V1Node? node, V1Service? service)
    {
        switch (network.EffectiveAdvertise)
        {
            case AdvertiseSource.Static:
                return (network.StaticAddress, null);
            case AdvertiseSource.Stun:
                return (null, null);
            case AdvertiseSource.HostIP:
                return (pod.Status?.HostIP, string.IsNullOrEmpty(pod.Status?.HostIP) ? "it is not on a Kubernetes node yet" : null);
            case AdvertiseSource.LoadBalancer:
                var ingress = service?.Status?.LoadBalancer?.Ingress?.FirstOrDefault();
                var address = ingress?.Ip ?? ingress?.Hostname;
                return (address, address is null ? "its load balancer has no address yet" : null);
            default:
                var external = node?.Status?.Addresses?.FirstOrDefault(a => a.Type == "ExternalIP")?.Address;
                return (external, external is not null ? null : node is null
                    ? "it is not on a Kubernetes node yet"
                    : $"Kubernetes node {node.Metadata.Name} has no ExternalIP; give it one or set spec.network.advertise");
        }
    }

    private static int? TcpPortOf(V1Pod pod) => pod.Spec?.Containers?
        .FirstOrDefault(container => container.Name == PodBuilder.ContainerName)?.Ports?
        .FirstOrDefault(port => port.Name == PodPorts.MediaTcp)?.HostPort;

    private static int? NodePortOf(V1Service? service, string name) =>
        service?.Spec?.Ports?.FirstOrDefault(port => port.Name == name)?.NodePort;
}
