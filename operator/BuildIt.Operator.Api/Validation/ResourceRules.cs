using k8s.Models;

namespace BuildIt.Operator.Api.Validation;

/// <summary>What a container reserves and may use.</summary>
internal static class ResourceRules
{
    private const string Requests = "requests.";

    /// <param name="requests">What the scheduler reserves.</param>
    /// <param name="limits">What may be used at most.</param>
    /// <param name="path">Path of the object that holds both.</param>
    /// <param name="faults">Receives what is wrong.</param>
    public static void Check(IDictionary<string, ResourceQuantity>? requests, IDictionary<string, ResourceQuantity>? limits, string path, FaultList faults)
    {
        foreach (var (name, request) in (requests ?? new Dictionary<string, ResourceQuantity>()).OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            CheckName(name, $"{path}.requests.{name}", faults);
            CheckQuantity(name, request, $"{path}.requests.{name}", faults);
            if (limits?.TryGetValue(name, out var limit) == true && request.ToDecimal() > limit.ToDecimal())
            {
                faults.Add($"{path}.requests.{name}", $"must not be above the limit ({request} > {limit}); lower it or raise {path}.limits.{name}");
            }
            else if (!MayDiffer(name) && (limits?.TryGetValue(name, out var same) != true || same!.ToDecimal() != request.ToDecimal()))
            {
                faults.Add($"{path}.requests.{name}", $"must equal {path}.limits.{name}: this resource cannot be overcommitted");
            }
        }

        foreach (var (name, limit) in (limits ?? new Dictionary<string, ResourceQuantity>()).OrderBy(e => e.Key, StringComparer.Ordinal))
        {
            CheckName(name, $"{path}.limits.{name}", faults);
            CheckQuantity(name, limit, $"{path}.limits.{name}", faults);
        }
    }

    /// <summary>Resources that every Kubernetes knows, and those that a device plugin adds under a prefix of its own.</summary>
    private static void CheckName(string name, string path, FaultList faults)
    {
        if (IsPlain(name) || IsHugePages(name))
        {
            return;
        }

        if (name.StartsWith(Requests, StringComparison.Ordinal) || name is "limits.cpu" or "limits.memory")
        {
            faults.Add(path, $"is the name of a quota; write {name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..]}");
        }
        else if (!name.Contains('/', StringComparison.Ordinal) || !KubernetesNames.IsKey(name))
        {
            faults.Add(path, "is not a resource; write cpu, memory, ephemeral-storage, hugepages-SIZE, or a device such as example.com/device");
        }
    }

    private static void CheckQuantity(string name, ResourceQuantity quantity, string path, FaultList faults)
    {
        var amount = quantity.ToDecimal();
        if (amount < 0)
        {
            faults.Add(path, $"must not be negative; it is {amount}");
        }
        else if (!IsPlain(name) && !IsHugePages(name) && amount != decimal.Truncate(amount))
        {
            faults.Add(path, $"must be a whole number, not {quantity}");
        }
    }

    private static bool IsPlain(string name) => name is "cpu" or "memory" or "ephemeral-storage";

    private static bool IsHugePages(string name) => name.StartsWith("hugepages-", StringComparison.Ordinal);

    // Devices and huge pages are given whole or not at all.
    private static bool MayDiffer(string name) =>
        !IsHugePages(name) && (!name.Contains('/', StringComparison.Ordinal) || name.Contains("kubernetes.io/", StringComparison.Ordinal));
}
