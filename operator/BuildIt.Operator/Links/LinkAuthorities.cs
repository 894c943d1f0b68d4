using BuildIt.Operator.Api;
using BuildIt.Operator.Api.Validation;
using BuildIt.Operator.Resources.Certificates;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Runtime.Caching;
using k8s.Models;

namespace BuildIt.Operator.Links;

/// <summary>
/// Whose certificates the nodes of a fleet believe on links: those of fleets that a RegionLink joins to it, for as long as there is one.
/// Both are of this namespace, and the operator itself writes both sides, so nothing that a node or a registry says has a part in it.
/// Any thread.
/// </summary>
internal sealed class LinkAuthorities(IObjectCache<RegionLink> links, IObjectCache<V1Secret> secrets)
{
    /// <summary>The authority secrets of linked fleets, as far as they are there, in the order of the fleets' names.</summary>
    public IReadOnlyList<V1Secret> Of(ObjectKey cluster)
    {
        var found = new List<V1Secret>();
        foreach (var name in LinkedTo(cluster))
        {
            if (secrets.Find(new ObjectKey(cluster.Namespace, ResourceNames.ControlAuthoritySecret(name))) is { } secret)
            {
                found.Add(secret);
            }
        }

        return found;
    }

    /// <summary>True when the nodes of a fleet have certificates, and do not believe another's yet.</summary>
    public bool IsLacking(ObjectKey cluster, ObjectKey other) =>
        secrets.Find(new ObjectKey(cluster.Namespace, ResourceNames.ControlNodeSecret(cluster.Name))) is { } node
        && secrets.Find(new ObjectKey(other.Namespace, ResourceNames.ControlAuthoritySecret(other.Name))) is { } authority
        && !ControlCertificates.Believes(node, authority);

    private SortedSet<string> LinkedTo(ObjectKey cluster)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var link in links.List(cluster.Namespace))
        {
            // Most are between others, and whether a link is sound costs more to say than whose it is.
            if (link.Metadata.DeletionTimestamp is null && link.Spec is { A.ClusterRef.Name: { } a, B.ClusterRef.Name: { } b }
                && (a == cluster.Name ? b : b == cluster.Name ? a : null) is { } other && ResourceValidator.Validate(link).Count == 0)
            {
                names.Add(other);
            }
        }

        return names;
    }
}
