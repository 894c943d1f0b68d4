using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>Where pods may run: tolerations, affinity and spread, as far as the API server would refuse the pod for them.</summary>
internal static class SchedulingRules
{
    private static readonly string[] NodeOperators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

    public static void Check(PodTemplateOverlay pod, FaultList faults)
    {
        for (var i = 0; i < pod.Tolerations.Count; i++)
        {
            CheckToleration(pod.Tolerations[i], $"spec.podTemplate.tolerations[{i}]", faults);
        }

        CheckNodeAffinity(pod.Affinity?.NodeAffinity, "spec.podTemplate.affinity.nodeAffinity", faults);
        CheckPodAffinity(
            pod.Affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution,
            pod.Affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution,
            "spec.podTemplate.affinity.podAffinity",
            faults);
        CheckPodAffinity(
            pod.Affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution,
            pod.Affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution,
            "spec.podTemplate.affinity.podAntiAffinity",
            faults);
        CheckSpread(pod.TopologySpreadConstraints, faults);
    }

    private static void CheckToleration(V1Toleration toleration, string path, FaultList faults)
    {
        var name = toleration.OperatorProperty is { Length: > 0 } given ? given : "Equal";
        SelectorRules.CheckKey(toleration.Key, path, faults);
        if (name is not ("Exists" or "Equal"))
        {
            faults.Add($"{path}.operator", $"must be Exists or Equal, not \"{name}\"");
        }
        else if (string.IsNullOrEmpty(toleration.Key) && name != "Exists")
        {
            faults.Add($"{path}.operator", "must be Exists when no key is given; that tolerates every taint");
        }
        else if (name == "Exists" && !string.IsNullOrEmpty(toleration.Value))
        {
            faults.Add($"{path}.value", "must be left out when operator is Exists");
        }
        else if (!KubernetesNames.IsLabelValue(toleration.Value))
        {
            faults.Add($"{path}.value", KubernetesNames.LabelValueExpected);
        }

        if (toleration.Effect is not (null or "" or "NoSchedule" or "PreferNoSchedule" or "NoExecute"))
        {
            faults.Add($"{path}.effect", $"must be NoSchedule, PreferNoSchedule or NoExecute, or left out for all of them, not \"{toleration.Effect}\"");
        }
        else if (toleration.TolerationSeconds is not null && toleration.Effect != "NoExecute")
        {
            faults.Add($"{path}.effect", "must be NoExecute when tolerationSeconds is given");
        }
    }

    private static void CheckNodeAffinity(V1NodeAffinity? affinity, string path, FaultList faults)
    {
        if (affinity?.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
        {
            var terms = required.NodeSelectorTerms ?? [];
            var list = $"{path}.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
            if (terms.Count == 0)
            {
                faults.Add(list, "needs at least one entry");
            }

            for (var i = 0; i < terms.Count; i++)
            {
                CheckNodeTerm(terms[i], $"{list}[{i}]", faults);
            }
        }

        var preferred = affinity?.PreferredDuringSchedulingIgnoredDuringExecution ?? [];
        for (var i = 0; i < preferred.Count; i++)
        {
            var each = $"{path}.preferredDuringSchedulingIgnoredDuringExecution[{i}]";
            CheckWeight(preferred[i].Weight, each, faults);
            CheckNodeTerm(preferred[i].Preference, $"{each}.preference", faults);
        }
    }

    private static void CheckNodeTerm(V1NodeSelectorTerm? term, string path, FaultList faults)
    {
        var expressions = term?.MatchExpressions ?? [];
        for (var i = 0; i < expressions.Count; i++)
        {
            var each = $"{path}.matchExpressions[{i}]";
            SelectorRules.CheckKey(expressions[i].Key, each, faults);
            SelectorRules.CheckOperator(expressions[i].OperatorProperty, expressions[i].Values, each, NodeOperators, faults);
        }

        var fields = term?.MatchFields ?? [];
        for (var i = 0; i < fields.Count; i++)
        {
            var each = $"{path}.matchFields[{i}]";
            if (fields[i].Key is { Length: > 0 } key && key != "metadata.name")
            {
                faults.Add($"{each}.key", $"must be metadata.name, the one field that is known, not \"{key}\"");
            }

            if (fields[i].OperatorProperty is { Length: > 0 } name && name is not ("In" or "NotIn"))
            {
                faults.Add($"{each}.operator", $"must be In or NotIn, not \"{name}\"");
            }
            else if (fields[i].Values?.Count != 1)
            {
                faults.Add($"{each}.values", "must be one name of a Kubernetes node");
            }
        }
    }

    private static void CheckPodAffinity(IList<V1PodAffinityTerm>? required, IList<V1WeightedPodAffinityTerm>? preferred, string path, FaultList faults)
    {
        for (var i = 0; i < (required?.Count ?? 0); i++)
        {
            CheckPodTerm(required![i], $"{path}.requiredDuringSchedulingIgnoredDuringExecution[{i}]", faults);
        }

        for (var i = 0; i < (preferred?.Count ?? 0); i++)
        {
            var each = $"{path}.preferredDuringSchedulingIgnoredDuringExecution[{i}]";
            CheckWeight(preferred![i].Weight, each, faults);
            CheckPodTerm(preferred[i].PodAffinityTerm, $"{each}.podAffinityTerm", faults);
        }
    }

    private static void CheckPodTerm(V1PodAffinityTerm? term, string path, FaultList faults)
    {
        if (term is null)
        {
            return;
        }

        CheckTopologyKey(term.TopologyKey, path, faults);
        SelectorRules.Check(term.LabelSelector, $"{path}.labelSelector", faults);
        SelectorRules.Check(term.NamespaceSelector, $"{path}.namespaceSelector", faults);
        for (var i = 0; i < (term.Namespaces?.Count ?? 0); i++)
        {
            if (!KubernetesNames.IsDnsLabel(term.Namespaces![i]))
            {
                faults.Add($"{path}.namespaces[{i}]", $"must be {Patterns.DnsLabelExpected}, at most 63 characters");
            }
        }
    }

    private static void CheckSpread(IReadOnlyList<V1TopologySpreadConstraint> constraints, FaultList faults)
    {
        var seen = new HashSet<(string?, string?)>();
        for (var i = 0; i < constraints.Count; i++)
        {
            var constraint = constraints[i];
            var path = $"spec.podTemplate.topologySpreadConstraints[{i}]";
            CheckTopologyKey(constraint.TopologyKey, path, faults);
            SelectorRules.Check(constraint.LabelSelector, $"{path}.labelSelector", faults);
            if (constraint.MaxSkew < 1)
            {
                faults.Add($"{path}.maxSkew", $"must be at least 1, not {constraint.MaxSkew}");
            }

            if (constraint.WhenUnsatisfiable is not (null or "" or "DoNotSchedule" or "ScheduleAnyway"))
            {
                faults.Add($"{path}.whenUnsatisfiable", $"must be DoNotSchedule or ScheduleAnyway, not \"{constraint.WhenUnsatisfiable}\"");
            }
            else if (!seen.Add((constraint.TopologyKey, constraint.WhenUnsatisfiable)))
            {
                faults.Add(path, $"repeats topologyKey {constraint.TopologyKey} with whenUnsatisfiable {constraint.WhenUnsatisfiable}; give each pair once");
            }
        }
    }

    private static void CheckTopologyKey(string? key, string path, FaultList faults)
    {
        if (key is { Length: > 0 } && !KubernetesNames.IsKey(key))
        {
            faults.Add($"{path}.topologyKey", KubernetesNames.KeyExpected);
        }
    }

    private static void CheckWeight(int weight, string path, FaultList faults)
    {
        if (weight is < 1 or > 100)
        {
            faults.Add($"{path}.weight", $"must be between 1 and 100, not {weight}");
        }
    }
}
