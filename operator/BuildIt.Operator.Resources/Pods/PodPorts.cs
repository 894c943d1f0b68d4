using BuildIt.Operator.Api;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Resources.Pods;

/// <summary>The ports of a pod. A media port is the same inside and outside, except behind a service.</summary>
public sealed record PodPorts(int Signal, int Udp, int Tcp)
{
    // Names of container ports: 15 characters at most (RFC 6335, section 5.1).
    public const string SignalName = "signal";
    public const string MediaUdp = "media-udp";
    public const string MediaTcp = "media-tcp";
    public const string ControlName = "control";
    public const string RelayName = "relay";
    public const string HealthName = "health";

    public static PodPorts Of(NetworkSpec network, int? hostPort)
    {
        ArgumentNullException.ThrowIfNull(network);

        // UDP and TCP ports are counted apart, so one number serves for both.
        return new PodPorts(network.SignalPort, hostPort ?? network.UdpPort, hostPort ?? network.TcpPort);
    }

    internal List<V1ContainerPort> ToContainerPorts(NetworkMode mode)
    {
        // On the host's network the API server requires that both are equal, and sets the host port by itself otherwise.
        var hostNetwork = mode is NetworkMode.HostNetwork;
        var mediaOnHost = hostNetwork || mode is NetworkMode.HostPort;
        return
        [
            Port(SignalName, Signal, "TCP", hostNetwork),
            Port(MediaUdp, Udp, "UDP", mediaOnHost),
            Port(MediaTcp, Tcp, "TCP", mediaOnHost),
            Port(ControlName, NodePorts.Control, "TCP", hostNetwork),
            Port(RelayName, NodePorts.Relay, "TCP", hostNetwork),
            Port(HealthName, NodePorts.Health, "TCP", hostNetwork),
        ];
    }

    private static V1ContainerPort Port(string name, int number, string protocol, bool onHost) => new()
    {
        Name = name,
        ContainerPort = number,
        Protocol = protocol,
        HostPort = onHost ? number : null,
    };
}
