using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>What a label selector must say for the API server to take it.</summary>
internal static class SelectorRules
{
    public static void Check(V1LabelSelector? selector, string path, FaultList faults)
    {
        foreach (var (key, value) in (selector?.MatchLabels ?? new Dictionary<string, string>()).OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            if (!KubernetesNames.IsKey(key))
            {
                faults.Add($"{path}.matchLabels[{key}]", KubernetesNames.KeyExpected);
            }

            if (!KubernetesNames.IsLabelValue(value))
            {
                faults.Add($"{path}.matchLabels[{key}]", KubernetesNames.LabelValueExpected);
            }
        }

        var requirements = selector?.MatchExpressions ?? [];
        for (var i = 0; i < requirements.Count; i++)
        {
            var each = $"{path}.matchExpressions[{i}]";
            CheckKey(requirements[i].Key, each, faults);
            CheckOperator(requirements[i].OperatorProperty, requirements[i].Values, each, ["In", "NotIn", "Exists", "DoesNotExist"], faults);
        }
    }

    public static void CheckKey(string? key, string path, FaultList faults)
    {
        if (key is { Length: > 0 } && !KubernetesNames.IsKey(key))
        {
            faults.Add($"{path}.key", KubernetesNames.KeyExpected);
        }
    }

    /// <summary>An operator with as many values as it needs. One that is missing is the schema's to name.</summary>
    public static void CheckOperator(string? name, IList<string>? given, string path, IReadOnlyList<string> known, FaultList faults)
    {
        var values = given ?? [];
        if (name is null or "")
        {
            return;
        }

        if (!known.Contains(name))
        {
            faults.Add($"{path}.operator", $"must be one of {string.Join(", ", known)}, not \"{name}\"");
            return;
        }

        switch (name)
        {
            case "In" or "NotIn" when values.Count == 0:
                faults.Add($"{path}.values", $"needs at least one value for operator {name}");
                break;
            case "Exists" or "DoesNotExist" when values.Count > 0:
                faults.Add($"{path}.values", $"must be empty for operator {name}");
                break;
            case "Gt" or "Lt" when values.Count != 1 || !long.TryParse(values[0], out _):
                faults.Add($"{path}.values", $"must be one whole number for operator {name}, such as [\"8\"]");
                break;
            case "In" or "NotIn":
                for (var i = 0; i < values.Count; i++)
                {
                    if (!KubernetesNames.IsLabelValue(values[i]))
                    {
                        faults.Add($"{path}.values[{i}]", KubernetesNames.LabelValueExpected);
                    }
                }

                break;
        }
    }
}
