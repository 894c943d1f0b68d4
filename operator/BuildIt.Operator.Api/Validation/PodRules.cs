using System.Text.RegularExpressions;
using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>What an SfuCluster says about its pods.</summary>
internal static partial class PodRules
{
    /// <summary>The container that the operator makes itself.</summary>
    private const string OwnContainer = "sfu";

    private const decimal LeastMemory = 128 * 1024 * 1024;

    public static void Check(SfuClusterSpec spec, FaultList faults)
    {
        CheckResources(spec.Resources, faults);
        var pod = spec.PodTemplate;
        CheckKeys(pod.Labels, "spec.podTemplate.labels", true, faults);
        CheckKeys(pod.Annotations, "spec.podTemplate.annotations", false, faults);
        CheckKeys(pod.NodeSelector, "spec.podTemplate.nodeSelector", true, faults, reserved: false);
        for (var i = 0; i < pod.ExtraContainers.Count; i++)
        {
            CheckContainer(pod.ExtraContainers[i], $"spec.podTemplate.extraContainers[{i}]", faults);
        }
    }

    private static void CheckContainer(V1Container container, string path, FaultList faults)
    {
        if (container.Name == OwnContainer)
        {
            faults.Add($"{path}.name", $"\"{OwnContainer}\" is the operator's own container; choose another name");
        }
        else if (container.Name is { Length: > 0 } name && !DnsLabel().IsMatch(name))
        {
            faults.Add($"{path}.name", $"must be {Patterns.DnsLabelExpected}, at most 63 characters");
        }

        if (string.IsNullOrEmpty(container.Image))
        {
            faults.Add($"{path}.image", "is required");
        }
    }

    private static void CheckResources(PodResources resources, FaultList faults)
    {
        foreach (var (name, request) in resources.Requests)
        {
            CheckQuantity(name, request, $"spec.resources.requests.{name}", faults);
            if (resources.Limits.TryGetValue(name, out var limit) && request.ToDecimal() > limit.ToDecimal())
            {
                faults.Add($"spec.resources.requests.{name}", $"must not be above the limit ({request} > {limit}); lower it or raise spec.resources.limits.{name}");
            }
        }

        foreach (var (name, limit) in resources.Limits)
        {
            CheckQuantity(name, limit, $"spec.resources.limits.{name}", faults);
        }
    }

    private static void CheckQuantity(string name, ResourceQuantity quantity, string path, FaultList faults)
    {
        var amount = quantity.ToDecimal();
        if (amount < 0)
        {
            faults.Add(path, $"must not be negative; it is {amount}");
        }
        else if (name == "memory" && amount < LeastMemory)
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
            if (!QualifiedName().IsMatch(key))
            {
                faults.Add($"{path}[{key}]", "is not a valid key; write name or prefix/name with letters, digits, '-', '_' and '.'");
            }
            else if (reserved && key.StartsWith(SfuApi.Group + "/", StringComparison.Ordinal))
            {
                faults.Add($"{path}[{key}]", $"belongs to the operator; use a key outside {SfuApi.Group}");
            }

            if (areLabels && !LabelValue().IsMatch(value ?? string.Empty))
            {
                faults.Add($"{path}[{key}]", "is not a valid label value; at most 63 letters, digits, '-', '_' and '.'");
            }
        }
    }

    [GeneratedRegex(@"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex DnsLabel();

    [GeneratedRegex(@"^([a-z0-9][-a-z0-9.]{0,252}/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?\z", RegexOptions.CultureInvariant)]
    private static partial Regex QualifiedName();

    [GeneratedRegex(@"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex LabelValue();
}
