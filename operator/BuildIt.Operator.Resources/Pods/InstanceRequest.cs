namespace BuildIt.Operator.Resources.Pods;

/// <summary>One pod to build.</summary>
/// <param name="Name">Its name, as the planner chose it.</param>
/// <param name="Revision">The revision of its fleet's spec.</param>
/// <param name="Image">The image to use when the spec names none.</param>
/// <param name="HostPort">In mode HostPort with a range: the port of the Kubernetes node it takes; see <see cref="HostPorts"/>.</param>
public sealed record InstanceRequest(string Name, string Revision, string Image, int? HostPort = null)
{
    /// <summary>
    /// Further variables of the node, by name. They are no part of the revision: a pod that was made with others stays, and
    /// the fleet's own variables go before them.
    /// </summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();
}
