using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Fleets;
using BuildIt.Operator.Planning.Health;
using BuildIt.Operator.Runtime.Caching;

namespace BuildIt.Operator.Links;

/// <summary>The two fleets of a link, as far as they are there.</summary>
/// <param name="A">Null while it has not been planned, or is not there.</param>
/// <param name="B">Likewise.</param>
/// <param name="Missing">What is not there, in words; null when both are.</param>
internal sealed record LinkEnds(FleetView? A, FleetView? B, string? Missing)
{
    public static LinkEnds Of(RegionLink link, FleetDirectory directory, IObjectCache<SfuCluster> clusters)
    {
        var ns = link.Metadata.NamespaceProperty;
        var missing = new[] { link.Spec.A, link.Spec.B }
            .Select(end => end.ClusterRef?.Name)
            .Where(name => name is not null && clusters.Find(new ObjectKey(ns, name)) is null)
            .ToList();
        return new LinkEnds(
            Find(link.Spec.A),
            Find(link.Spec.B),
            missing.Count == 0 ? null : $"there is no SfuCluster {string.Join(" and no ", missing)} in this namespace");

        FleetView? Find(LinkEnd end) => end.ClusterRef is { } reference ? directory.Find(new ObjectKey(ns, reference.Name)) : null;
    }

    /// <summary>
    /// Of the links that join the same two fleets the one that counts, the link itself when there is no other: the oldest of the highest
    /// priority. There is one path between two fleets, and it has one measurement, one bound and one price.
    /// </summary>
    public static RegionLink Foremost(RegionLink link, IEnumerable<RegionLink> links) => links
        .Where(other => other.Metadata.DeletionTimestamp is null && other.Metadata.Name != link.Metadata.Name && Joins(other, link) && ResourceValidator.Validate(other).Count == 0)
        .Append(link)
        .MinBy(other => (-other.Spec.Priority, other.Metadata.CreationTimestamp ?? DateTime.MaxValue, other.Metadata.Name))!;

    /// <summary>Pods that can hold a link, in the order in which they are asked to.</summary>
    public static IReadOnlyList<FleetInstance> Relays(FleetView fleet) =>
    [
        .. fleet.Instances
            .Where(pod => pod is { Liveness: Liveness.Alive, Observation.IsDraining: false, Endpoints.Relay.Length: > 0 })
            .OrderBy(pod => pod.Observation.CreatedAt)
            .ThenBy(pod => pod.Observation.Name, StringComparer.Ordinal),
    ];

    private static bool Joins(RegionLink one, RegionLink other)
    {
        var (a, b) = (one.Spec.A.ClusterRef?.Name, one.Spec.B.ClusterRef?.Name);
        var (c, d) = (other.Spec.A.ClusterRef?.Name, other.Spec.B.ClusterRef?.Name);
        return a is not null && b is not null && ((a, b) == (c, d) || (a, b) == (d, c));
    }
}
