namespace BuildIt.Operator.Api.Validation;

/// <summary>What the fields of a RegionLink must say together.</summary>
internal static class RegionLinkRules
{
    private const string NotBuilt = "fleets that another operator runs cannot be linked yet; name an SfuCluster of this namespace with clusterRef";

    public static void Check(RegionLink link, FaultList faults)
    {
        var spec = link.Spec;
        CheckEnd(spec.A, "spec.a", faults);
        CheckEnd(spec.B, "spec.b", faults);
        if (spec.A.ClusterRef is { Name.Length: > 0 } a && a.Name == spec.B.ClusterRef?.Name)
        {
            faults.Add("spec.b.clusterRef.name", $"must differ from spec.a.clusterRef.name; both are \"{a.Name}\"");
        }

        if (spec.Health.Interval.TryGet(out var interval) && spec.Health.Timeout.TryGet(out var timeout) && timeout > interval)
        {
            faults.Add("spec.health.timeout", $"must not be above interval ({spec.Health.Timeout} > {spec.Health.Interval})");
        }

        if (spec.Health.MaxRtt.TryGet(out var rtt) && spec.Health.Timeout.TryGet(out timeout) && rtt > timeout)
        {
            faults.Add("spec.health.maxRtt", $"must not be above timeout ({spec.Health.MaxRtt} > {spec.Health.Timeout}); a probe that slow counts as lost");
        }
    }

    private static void CheckEnd(LinkEnd end, string path, FaultList faults)
    {
        switch (end)
        {
            case { ClusterRef: null, Remote: null }:
                faults.Add(path, "needs clusterRef or remote");
                break;
            case { ClusterRef: not null, Remote: not null }:
                faults.Add(path, "has both clusterRef and remote; keep one");
                break;
        }

        if (end.Remote is not null)
        {
            faults.Add($"{path}.remote", NotBuilt);
        }
    }
}
