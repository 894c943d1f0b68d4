using System.Text.RegularExpressions;
using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>Environment variables of a container, as far as the API server would refuse the pod for them.</summary>
internal static partial class EnvironmentRules
{
    private const string FieldsExpected = "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], metadata.annotations['KEY'], "
        + "spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP or status.podIPs";

    private const string ResourcesExpected = "limits or requests of cpu, memory, ephemeral-storage or hugepages-SIZE, such as limits.cpu";

    public static void Check(IEnumerable<V1EnvVar>? variables, string path, FaultList faults)
    {
        foreach (var (i, variable) in (variables ?? []).Index())
        {
            var each = $"{path}[{i}]";
            if (variable.Name is { Length: > 0 } name && !KubernetesNames.IsVariable(name))
            {
                faults.Add($"{each}.name", $"{KubernetesNames.VariableExpected}, not \"{name}\"");
            }

            if (variable.ValueFrom is { } source)
            {
                CheckSource(variable, source, each, faults);
            }
        }
    }

    /// <summary>Whole Secrets and ConfigMaps taken in as variables.</summary>
    public static void CheckFrom(IList<V1EnvFromSource>? sources, string path, FaultList faults)
    {
        foreach (var (i, source) in (sources ?? []).Index())
        {
            if (source.ConfigMapRef is null == source.SecretRef is null)
            {
                faults.Add($"{path}[{i}]", "needs exactly one of configMapRef and secretRef");
            }
            else if (string.IsNullOrEmpty(source.ConfigMapRef?.Name ?? source.SecretRef?.Name))
            {
                faults.Add($"{path}[{i}].{(source.SecretRef is null ? "configMapRef" : "secretRef")}.name", FaultList.Missing);
            }

            if (source.Prefix is { Length: > 0 } && !KubernetesNames.IsVariable(source.Prefix))
            {
                faults.Add($"{path}[{i}].prefix", KubernetesNames.VariableExpected);
            }
        }
    }

    private static void CheckSource(V1EnvVar variable, V1EnvVarSource source, string path, FaultList faults)
    {
        if (!string.IsNullOrEmpty(variable.Value))
        {
            faults.Add($"{path}.valueFrom", "cannot stand beside value; keep one of them");
        }

        object?[] given = [source.FieldRef, source.ResourceFieldRef, source.ConfigMapKeyRef, source.SecretKeyRef];
        if (given.Count(each => each is not null) != 1)
        {
            faults.Add($"{path}.valueFrom", "needs exactly one of fieldRef, resourceFieldRef, configMapKeyRef and secretKeyRef");
        }

        if (source.FieldRef?.FieldPath is { Length: > 0 } field && !FieldPath().IsMatch(field))
        {
            faults.Add($"{path}.valueFrom.fieldRef.fieldPath", $"must be {FieldsExpected}, not \"{field}\"");
        }

        if (source.ResourceFieldRef?.Resource is { Length: > 0 } resource && !ResourceField().IsMatch(resource))
        {
            faults.Add($"{path}.valueFrom.resourceFieldRef.resource", $"must be {ResourcesExpected}, not \"{resource}\"");
        }

        CheckKey(source.SecretKeyRef?.Name, source.SecretKeyRef?.Key, source.SecretKeyRef is not null, $"{path}.valueFrom.secretKeyRef", faults);
        CheckKey(source.ConfigMapKeyRef?.Name, source.ConfigMapKeyRef?.Key, source.ConfigMapKeyRef is not null, $"{path}.valueFrom.configMapKeyRef", faults);
    }

    private static void CheckKey(string? name, string? key, bool given, string path, FaultList faults)
    {
        if (given && string.IsNullOrEmpty(name))
        {
            faults.Add($"{path}.name", FaultList.Missing);
        }

        if (key is { Length: > 0 } && (!EntryKey().IsMatch(key) || key is "." or ".."))
        {
            faults.Add($"{path}.key", $"must be letters, digits, '-', '_' and '.', not \"{key}\"");
        }
    }

    [GeneratedRegex(@"^(metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?))\z", RegexOptions.CultureInvariant)]
    private static partial Regex FieldPath();

    [GeneratedRegex(@"^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex ResourceField();

    [GeneratedRegex(@"^[-._a-zA-Z0-9]{1,253}\z", RegexOptions.CultureInvariant)]
    private static partial Regex EntryKey();
}
