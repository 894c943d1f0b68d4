using System.Globalization;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>No port of a pod may be wanted by two. The API server would refuse the pod, or one of the two could not listen.</summary>
internal static class PortRules
{
    private static readonly string Own = string.Create(CultureInfo.InvariantCulture, $"{NodePorts.FirstOwn} to {NodePorts.LastOwn}");

    /// <summary>The ports that <c>spec.network</c> gives away.</summary>
    public static void Check(NetworkSpec network, FaultList faults)
    {
        const string path = "spec.network";
        CheckOwn(network.UdpPort, $"{path}.udpPort", faults);
        CheckOwn(network.TcpPort, $"{path}.tcpPort", faults);
        CheckOwn(network.SignalPort, $"{path}.signalPort", faults);
        if (network.TcpPort == network.SignalPort)
        {
            faults.Add($"{path}.tcpPort", $"must differ from signalPort; both are {network.TcpPort}");
        }

        if (network.HostPortRange is not { First: > 0, Last: > 0 } range)
        {
            return;
        }

        if (range.First > range.Last)
        {
            faults.Add($"{path}.hostPortRange", $"first must not be above last ({range.First} > {range.Last})");
            return;
        }

        if (range.First <= NodePorts.LastOwn && range.Last >= NodePorts.FirstOwn)
        {
            faults.Add($"{path}.hostPortRange", $"holds ports of the node itself ({Own}); end below {NodePorts.FirstOwn} or begin above {NodePorts.LastOwn}");
        }

        if (range.First <= network.SignalPort && network.SignalPort <= range.Last)
        {
            faults.Add($"{path}.hostPortRange", $"holds signalPort ({network.SignalPort}); move the range or spec.network.signalPort");
        }
    }

    /// <summary>The ports of extra containers, which share the pod's address with the node and with each other.</summary>
    public static void CheckContainers(SfuClusterSpec spec, FaultList faults)
    {
        var taken = OfNode(spec.Network);
        var onHost = new List<Taken>();
        for (var i = 0; i < spec.PodTemplate.ExtraContainers.Count; i++)
        {
            var ports = spec.PodTemplate.ExtraContainers[i].Ports ?? [];
            var own = new List<Taken>();
            for (var j = 0; j < ports.Count; j++)
            {
                Check(ports[j], $"spec.podTemplate.extraContainers[{i}].ports[{j}]", spec.Network.Mode, taken, onHost, own, faults);
            }

            taken.AddRange(own);
        }
    }

    private static void Check(
        V1ContainerPort port, string path, NetworkMode mode, List<Taken> taken, List<Taken> onHost, List<Taken> own, FaultList faults)
    {
        var protocol = port.Protocol is { Length: > 0 } given ? given : "TCP";
        if (protocol is not ("TCP" or "UDP" or "SCTP"))
        {
            faults.Add($"{path}.protocol", $"must be TCP, UDP or SCTP, not \"{protocol}\"");
        }

        if (port.Name is { Length: > 0 } && !KubernetesNames.IsPortName(port.Name))
        {
            faults.Add($"{path}.name", "must be at most 15 lower-case letters, digits and single '-', with one letter at least");
        }

        if (port.ContainerPort is < 1 or > 65535)
        {
            faults.Add($"{path}.containerPort", $"must be between 1 and 65535, not {port.ContainerPort}");
        }
        else if (taken.Concat(own).FirstOrDefault(other => other.Has(protocol, port.ContainerPort)) is { } other)
        {
            faults.Add($"{path}.containerPort", $"{port.ContainerPort}/{protocol} is taken by {other.By}; choose another");
        }
        else
        {
            own.Add(new Taken(protocol, port.ContainerPort, port.ContainerPort, $"{path}.containerPort"));
        }

        if (port.HostPort is not { } host || host == 0)
        {
            return;
        }

        if (host is < 1 or > 65535)
        {
            faults.Add($"{path}.hostPort", $"must be between 1 and 65535, not {host}");
        }
        else if (mode is NetworkMode.HostNetwork && host != port.ContainerPort)
        {
            faults.Add($"{path}.hostPort", $"must equal containerPort when spec.network.mode is HostNetwork ({host} != {port.ContainerPort})");
        }
        else if (mode is NetworkMode.HostPort && taken.FirstOrDefault(node => node.IsOnHost && node.Has(protocol, host)) is { } node)
        {
            faults.Add($"{path}.hostPort", $"{host}/{protocol} is taken by {node.By}; choose another");
        }
        else if (onHost.FirstOrDefault(other => other.Has(protocol, host)) is { } same)
        {
            faults.Add($"{path}.hostPort", $"{host}/{protocol} is taken by {same.By}; choose another");
        }
        else
        {
            onHost.Add(new Taken(protocol, host, host, $"{path}.hostPort"));
        }
    }

    private static void CheckOwn(int port, string path, FaultList faults)
    {
        if (port is >= NodePorts.FirstOwn and <= NodePorts.LastOwn)
        {
            faults.Add(path, $"{port} is a port of the node itself, which keeps {Own}; choose another");
        }
    }

    private static List<Taken> OfNode(NetworkSpec network)
    {
        List<Taken> taken =
        [
            new("TCP", network.SignalPort, network.SignalPort, "spec.network.signalPort"),
            new("TCP", NodePorts.Control, NodePorts.Control, "the node's control port"),
            new("UDP", NodePorts.Relay, NodePorts.Relay, "the node's relay port"),
            new("TCP", NodePorts.Health, NodePorts.Health, "the node's health port"),
        ];
        if (network is { Mode: NetworkMode.HostPort, HostPortRange: { } range })
        {
            taken.Add(new("TCP", range.First, range.Last, "spec.network.hostPortRange", true));
            taken.Add(new("UDP", range.First, range.Last, "spec.network.hostPortRange", true));
        }
        else
        {
            taken.Add(new("TCP", network.TcpPort, network.TcpPort, "spec.network.tcpPort", true));
            taken.Add(new("UDP", network.UdpPort, network.UdpPort, "spec.network.udpPort", true));
        }

        return taken;
    }

    private sealed record Taken(string Protocol, int First, int Last, string By, bool IsOnHost = false)
    {
        public bool Has(string protocol, int port) => protocol == Protocol && port >= First && port <= Last;
    }
}
