using BuildIt.Operator.Resources.Names;

namespace BuildIt.KubectlSfu.Views;

/// <summary>How pods of fleets are found.</summary>
internal static class FleetPods
{
    /// <summary>All pods that the operator made.</summary>
    public const string Selector = $"{ResourceLabels.ManagedBy}={ResourceLabels.OperatorName},{ResourceLabels.Name}={ResourceLabels.NodeName}";
}
