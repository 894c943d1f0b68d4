using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using BuildIt.Sfu.Contracts;
using k8s.Models;

namespace BuildIt.Operator.Resources.Pods;

/// <summary>Builds the pod of one instance.</summary>
public static class PodBuilder
{
    /// <summary>The container in which the node runs.</summary>
    public const string ContainerName = "sfu";

    // The user of the node's image; any but root would do.
    private const long UserId = 65532;

    // Beyond the drain's deadline: for the last clients to go, and for the process to end.
    private static readonly TimeSpan TerminationSlack = TimeSpan.FromSeconds(30);

    public static V1Pod Build(SfuCluster cluster, InstanceRequest request)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(request);
        var (volumes, mounts) = PodVolumes.Of(cluster);
        var network = cluster.Spec.Network;
        var hostNetwork = network.Mode is NetworkMode.HostNetwork;
        var pod = new V1Pod
        {
            ApiVersion = V1Pod.KubeApiVersion,
            Kind = V1Pod.KubeKind,
            Metadata = Metadata(cluster, request),
            Spec = new V1PodSpec
            {
                // A drained node exits with 0 and is to stay away; one that crashed comes back sooner than a new pod would.
                RestartPolicy = "OnFailure",
                AutomountServiceAccountToken = false,
                EnableServiceLinks = false,
                HostNetwork = hostNetwork ? true : null,
                DnsPolicy = hostNetwork ? "ClusterFirstWithHostNet" : null,
                TerminationGracePeriodSeconds = (long)(cluster.Spec.Drain.Deadline.Or(TimeSpan.FromMinutes(10)) + TerminationSlack).TotalSeconds,
                SecurityContext = new V1PodSecurityContext
                {
                    RunAsNonRoot = true,
                    RunAsUser = UserId,
                    RunAsGroup = UserId,
                    FsGroup = UserId,
                    SeccompProfile = new V1SeccompProfile { Type = "RuntimeDefault" },
                },
                Containers = [Container(cluster, request, mounts)],
                Volumes = volumes,
            },
        };
        PodOverlay.Apply(pod, cluster);
        AddVariables(pod.Spec.Containers[0].Env, request.Variables);
        return pod;
    }

    // Last, so that a fleet's own go before them.
    private static void AddVariables(IList<V1EnvVar> variables, IReadOnlyDictionary<string, string> further)
    {
        foreach (var (name, value) in further.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (variables.All(own => own.Name != name))
            {
                variables.Add(new V1EnvVar { Name = name, Value = value });
            }
        }
    }

    private static V1ObjectMeta Metadata(SfuCluster cluster, InstanceRequest request)
    {
        var labels = ResourceLabels.OfFleet(cluster);
        labels[SfuApi.RevisionLabel] = request.Revision;
        labels[SfuApi.InstanceLabel] = request.Name;
        return new V1ObjectMeta
        {
            Name = request.Name,
            NamespaceProperty = cluster.Metadata.NamespaceProperty,
            Labels = labels,
            OwnerReferences = [Owners.Controller(cluster)],
        };
    }

    private static V1Container Container(SfuCluster cluster, InstanceRequest request, List<V1VolumeMount> mounts)
    {
        var spec = cluster.Spec;
        var ports = PodPorts.Of(spec.Network, request.HostPort);
        return new V1Container
        {
            Name = ContainerName,
            Image = spec.Image ?? request.Image,
            ImagePullPolicy = spec.ImagePullPolicy.ToString(),
            Env = NodeVariables.Of(cluster, request, ports),
            Ports = ports.ToContainerPorts(spec.Network.Mode),
            Resources = new V1ResourceRequirements { Requests = spec.Resources.Requests, Limits = spec.Resources.Limits },
            VolumeMounts = mounts,
            LivenessProbe = Probe(NodePaths.Liveness, period: 10, failures: 6),
            ReadinessProbe = Probe(NodePaths.Readiness, period: 2, failures: 2),
            SecurityContext = new V1SecurityContext
            {
                AllowPrivilegeEscalation = false,
                ReadOnlyRootFilesystem = true,
                Capabilities = new V1Capabilities { Drop = ["ALL"] },
            },
        };
    }

    private static V1Probe Probe(string path, int period, int failures) => new()
    {
        HttpGet = new V1HTTPGetAction { Path = path, Port = PodPorts.HealthName, Scheme = "HTTP" },
        PeriodSeconds = period,
        TimeoutSeconds = 2,
        FailureThreshold = failures,
    };
}
