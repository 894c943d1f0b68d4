using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>Containers that run beside the node, as far as the API server would refuse the pod for them.</summary>
internal static class ContainerRules
{
    /// <summary>The container that the operator makes itself.</summary>
    private const string OwnContainer = "sfu";

    public static void Check(SfuClusterSpec spec, FaultList faults)
    {
        var volumes = PodVolumeNames.Of(spec);
        for (var i = 0; i < spec.PodTemplate.ExtraContainers.Count; i++)
        {
            var container = spec.PodTemplate.ExtraContainers[i];
            var path = $"spec.podTemplate.extraContainers[{i}]";
            CheckIdentity(container, path, faults);
            EnvironmentRules.Check(container.Env, $"{path}.env", faults);
            EnvironmentRules.CheckFrom(container.EnvFrom, $"{path}.envFrom", faults);
            CheckMounts(container, path, volumes, faults);
            ResourceRules.Check(container.Resources?.Requests, container.Resources?.Limits, $"{path}.resources", faults);
            CheckProbe(container.LivenessProbe, $"{path}.livenessProbe", true, faults);
            CheckProbe(container.ReadinessProbe, $"{path}.readinessProbe", false, faults);
            CheckProbe(container.StartupProbe, $"{path}.startupProbe", true, faults);
            CheckSecurity(container.SecurityContext, $"{path}.securityContext", faults);
        }

        PortRules.CheckContainers(spec, faults);
    }

    private static void CheckIdentity(V1Container container, string path, FaultList faults)
    {
        if (container.Name == OwnContainer)
        {
            faults.Add($"{path}.name", $"\"{OwnContainer}\" is the operator's own container; choose another name");
        }
        else if (container.Name is { Length: > 0 } name && !KubernetesNames.IsDnsLabel(name))
        {
            faults.Add($"{path}.name", $"must be {Patterns.DnsLabelExpected}, at most 63 characters");
        }

        if (string.IsNullOrEmpty(container.Image))
        {
            faults.Add($"{path}.image", "is required");
        }

        OneOf(container.ImagePullPolicy, $"{path}.imagePullPolicy", ["Always", "IfNotPresent", "Never"], faults);
        OneOf(container.TerminationMessagePolicy, $"{path}.terminationMessagePolicy", ["File", "FallbackToLogsOnError"], faults);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, port) in (container.Ports ?? []).Index())
        {
            if (port.Name is { Length: > 0 } name && !names.Add(name))
            {
                faults.Add($"{path}.ports[{i}].name", $"repeats \"{name}\"; give each port of a container its own name");
            }
        }
    }

    private static void CheckMounts(V1Container container, string path, IReadOnlyList<string> volumes, FaultList faults)
    {
        var places = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (i, mount) in (container.VolumeMounts ?? []).Index())
        {
            var each = $"{path}.volumeMounts[{i}]";
            if (mount.Name is { Length: > 0 } name && !volumes.Contains(name))
            {
                faults.Add($"{each}.name", $"there is no volume \"{name}\"; the pods have {string.Join(", ", volumes)}");
            }

            if (mount.MountPath is { Length: > 0 } place && !places.Add(place))
            {
                faults.Add($"{each}.mountPath", $"repeats \"{place}\"; mount each path once");
            }

            if (mount.SubPath is { Length: > 0 } sub && (sub.StartsWith('/') || sub.Split('/').Contains("..")))
            {
                faults.Add($"{each}.subPath", $"must be a relative path without \"..\", not \"{sub}\"");
            }

            if (!string.IsNullOrEmpty(mount.SubPath) && !string.IsNullOrEmpty(mount.SubPathExpr))
            {
                faults.Add($"{each}.subPathExpr", "cannot stand beside subPath; keep one of them");
            }
        }

        if (container.VolumeDevices is { Count: > 0 })
        {
            faults.Add($"{path}.volumeDevices", "must be left out: the pods have no block volumes");
        }
    }

    private static void CheckProbe(V1Probe? probe, string path, bool succeedsAtOnce, FaultList faults)
    {
        if (probe is null)
        {
            return;
        }

        object?[] handlers = [probe.Exec, probe.HttpGet, probe.TcpSocket, probe.Grpc];
        if (handlers.Count(each => each is not null) != 1)
        {
            faults.Add(path, "needs exactly one of exec, httpGet, tcpSocket and grpc");
        }

        if (probe.Exec is { Command: null or { Count: 0 } })
        {
            faults.Add($"{path}.exec.command", FaultList.Missing);
        }

        if (succeedsAtOnce && probe.SuccessThreshold is not (null or 0 or 1))
        {
            faults.Add($"{path}.successThreshold", $"must be 1 here, not {probe.SuccessThreshold}");
        }

        (string Name, int? Value)[] numbers =
        [
            ("initialDelaySeconds", probe.InitialDelaySeconds), ("timeoutSeconds", probe.TimeoutSeconds), ("periodSeconds", probe.PeriodSeconds),
            ("successThreshold", probe.SuccessThreshold), ("failureThreshold", probe.FailureThreshold),
        ];
        foreach (var (name, value) in numbers)
        {
            if (value < 0)
            {
                faults.Add($"{path}.{name}", $"must not be negative; it is {value}");
            }
        }

        OneOf(probe.HttpGet?.Scheme, $"{path}.httpGet.scheme", ["HTTP", "HTTPS"], faults);
    }

    private static void CheckSecurity(V1SecurityContext? security, string path, FaultList faults)
    {
        if (security?.Privileged == true && security.AllowPrivilegeEscalation == false)
        {
            faults.Add($"{path}.allowPrivilegeEscalation", "cannot be false when privileged is true; drop privileged");
        }

        if (security?.AllowPrivilegeEscalation == false && security.Capabilities?.Add?.Any(each => each is "SYS_ADMIN" or "CAP_SYS_ADMIN") == true)
        {
            faults.Add($"{path}.allowPrivilegeEscalation", "cannot be false with capability SYS_ADMIN; drop the capability");
        }

        // The pod says runAsNonRoot, and the kubelet holds each container to it.
        if (security?.RunAsUser == 0 && security.RunAsNonRoot != false)
        {
            faults.Add($"{path}.runAsUser", "must not be 0: the pods run as non-root; name another user");
        }
    }

    private static void OneOf(string? value, string path, IReadOnlyList<string> known, FaultList faults)
    {
        if (value is { Length: > 0 } && !known.Contains(value))
        {
            faults.Add(path, $"must be one of {string.Join(", ", known)}, not \"{value}\"");
        }
    }
}
