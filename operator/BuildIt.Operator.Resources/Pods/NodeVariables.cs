using System.Globalization;
using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Fleets;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Resources.Pods;

/// <summary>The environment of a node.</summary>
internal static class NodeVariables
{
    public static List<V1EnvVar> Of(SfuCluster cluster, InstanceRequest request, PodPorts ports)
    {
        var spec = cluster.Spec;
        var variables = new List<V1EnvVar>
        {
            Field(NodeEnvironment.Namespace, "metadata.namespace"),
            Text(NodeEnvironment.Cluster, cluster.Metadata.Name),
            Field(NodeEnvironment.Instance, "metadata.name"),
            Text(NodeEnvironment.Region, spec.Region),
            Text(NodeEnvironment.Revision, request.Revision),
            Field(NodeEnvironment.PodIp, "status.podIP"),
            Field(NodeEnvironment.HostIp, "status.hostIP"),
            Field(NodeEnvironment.KubernetesNode, "spec.nodeName"),
            Number(NodeEnvironment.SignalPort, ports.Signal),
            Number(NodeEnvironment.HealthPort, NodePorts.Health),
            Number(NodeEnvironment.ControlPort, NodePorts.Control),
            Number(NodeEnvironment.RelayPort, NodePorts.Relay),
            Number(NodeEnvironment.MediaUdpPort, ports.Udp),
            Number(NodeEnvironment.MediaTcpPort, ports.Tcp),
            Text(NodeEnvironment.ApiKeysDirectory, PodVolumes.ApiKeysPath),
            Text(NodeEnvironment.ControlTlsDirectory, PodVolumes.ControlTlsPath),
            Number(NodeEnvironment.DrainDeadline, (long)spec.Drain.Deadline.Or(TimeSpan.FromMinutes(10)).TotalSeconds),
        };
        AddAdvertise(variables, spec.Network);
        AddCapacity(variables, spec.Capacity);
        AddRedis(variables, spec.Redis);
        if (spec.Network.SignalHost is { } host)
        {
            variables.Add(Text(NodeEnvironment.SignalHost, host));
        }

        if (spec.Network.TlsSecretRef is not null)
        {
            variables.Add(Text(NodeEnvironment.SignalTlsDirectory, PodVolumes.SignalTlsPath));
        }

        if (spec.AutoCreate is { } autoCreate)
        {
            variables.Add(Text(NodeEnvironment.RoomApi, autoCreate.RoomApi));
        }

        if (spec.Turn is { } turn)
        {
            variables.Add(Text(NodeEnvironment.TurnDomain, turn.Domain));
            if (turn.Port is { } port)
            {
                variables.Add(Number(NodeEnvironment.TurnPort, port));
            }

            variables.Add(Number(NodeEnvironment.TurnTlsPort, turn.TlsPort));
            variables.Add(Text(NodeEnvironment.TurnSecretFile, PodVolumes.TurnSecretPath));
        }

        variables.Add(Text(NodeEnvironment.LogLevelFile, $"{PodVolumes.AdvertisePath}/{AdvertiseFiles.LogLevel}"));

        // The diagnostics server of .NET listens on a socket in /tmp and is nothing for production.
        variables.Add(Text("DOTNET_EnableDiagnostics", "0"));
        return variables;
    }

    private static void AddAdvertise(List<V1EnvVar> variables, NetworkSpec network)
    {
        variables.Add(Text(NodeEnvironment.Advertise, network.EffectiveAdvertise.ToString()));
        variables.Add(Text(NodeEnvironment.AdvertiseDirectory, PodVolumes.AdvertisePath));
        if (network.StaticAddress is { } address)
        {
            variables.Add(Text(NodeEnvironment.AdvertiseAddress, address));
        }

        if (network.StunServer is { } server)
        {
            variables.Add(Text(NodeEnvironment.StunServers, server));
        }
    }

    private static void AddCapacity(List<V1EnvVar> variables, CapacitySpec spec)
    {
        var capacity = FleetSpecs.Capacity(spec);
        variables.Add(Number(NodeEnvironment.MaxPublishers, capacity.MaxPublishers));
        variables.Add(Number(NodeEnvironment.MaxSubscribers, capacity.MaxSubscribers));
        variables.Add(Number(NodeEnvironment.MaxRooms, capacity.MaxRooms));
        variables.Add(Number(NodeEnvironment.IngressCapacity, capacity.Ingress));
        variables.Add(Number(NodeEnvironment.EgressCapacity, capacity.Egress));
    }

    private static void AddRedis(List<V1EnvVar> variables, RedisSpec redis)
    {
        variables.Add(Text(NodeEnvironment.RedisAddresses, string.Join(',', redis.Addresses)));
        variables.Add(Text(NodeEnvironment.RedisTls, redis.Tls ? "true" : "false"));
        if (redis.SecretRef is { } secret)
        {
            variables.Add(Secret(NodeEnvironment.RedisUsername, secret, "username", optional: true));
            variables.Add(Secret(NodeEnvironment.RedisPassword, secret, "password", optional: false));
        }
    }

    private static V1EnvVar Text(string name, string value) => new() { Name = name, Value = value };

    private static V1EnvVar Number(string name, long value) => Text(name, value.ToString(CultureInfo.InvariantCulture));

    private static V1EnvVar Field(string name, string path) => new()
    {
        Name = name,
        ValueFrom = new V1EnvVarSource { FieldRef = new V1ObjectFieldSelector { ApiVersion = "v1", FieldPath = path } },
    };

    private static V1EnvVar Secret(string name, SecretReference secret, string key, bool optional) => new()
    {
        Name = name,
        ValueFrom = new V1EnvVarSource
        {
            SecretKeyRef = new V1SecretKeySelector { Name = secret.Name, Key = key, Optional = optional ? true : null },
        },
    };
}
