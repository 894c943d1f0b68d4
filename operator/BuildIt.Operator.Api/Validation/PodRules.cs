using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>What an SfuCluster says about its pods. What is certain to be refused when a pod is made is refused here, by its field.</summary>
internal static class PodRules
{
    private const decimal LeastMemory = 128 * 1024 * 1024;

    public static void Check(SfuClusterSpec spec, FaultList faults)
    {
        CheckNode(spec.Resources, faults);
        var pod = spec.PodTemplate;
        CheckKeys(pod.Labels, "spec.podTemplate.labels", true, faults);
        CheckKeys(pod.Annotations, "spec.podTemplate.annotations", false, faults);
        CheckKeys(pod.NodeSelector, "spec.podTemplate.nodeSelector", true, faults, reserved: false);
        SchedulingRules.Check(pod, faults);
        EnvironmentRules.Check(pod.Env, "spec.podTemplate.env", faults);
        ContainerRules.Check(spec, faults);
    }

    private static void CheckNode(PodResources resources, FaultList faults)
    {
        ResourceRules.Check(resources.Requests, resources.Limits, "spec.resources", faults);
        foreach (var (kind, entries) in (ReadOnlySpan<(string, IDictionary<string, ResourceQuantity>)>)[("requests", resources.Requests), ("limits", resources.Limits)])
        {
            foreach (var (name, quantity) in entries.OrderBy(e => e.Key, StringComparer.Ordinal))
            {
                CheckSense(name, quantity, $"spec.resources.{kind}.{name}", faults);
            }
        }
    }

    /// <summary>A node cannot work with less; a sidecar may.</summary>
    private static void CheckSense(string name, ResourceQuantity quantity, string path, FaultList faults)
    {
        var amount = quantity.ToDecimal();
        if (name == "memory" && amount is >= 0 and < LeastMemory)
        {
            faults.Add(path, $"must be at least 128Mi, not {quantity}; was a unit such as Gi left out?");
        }
        else if (name == "cpu" && amount is 0 or > 1024)
        {
            faults.Add(path, $"must be above 0 and at most 1024 cores, not {quantity}; 500m is half a core");
        }
    }

    private static void CheckKeys(IDictionary<string, string> entries, string path, bool areLabels, FaultList faults, bool reserved = true)
    {
        foreach (var (key, value) in entries.OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            if (!KubernetesNames.IsKey(key))
            {
                faults.Add($"{path}[{key}]", KubernetesNames.KeyExpected);
            }
            else if (reserved && key.StartsWith(SfuApi.Group + "/", StringComparison.Ordinal))
            {
                faults.Add($"{path}[{key}]", $"belongs to the operator; use a key outside {SfuApi.Group}");
            }

            if (areLabels && !KubernetesNames.IsLabelValue(value))
            {
                faults.Add($"{path}[{key}]", KubernetesNames.LabelValueExpected);
            }
        }
    }
}
