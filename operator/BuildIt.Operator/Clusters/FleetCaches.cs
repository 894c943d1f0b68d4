using BuildIt.Operator.Api;
using BuildIt.Operator.Resources.Names;
using BuildIt.Operator.Runtime.Caching;
using BuildIt.Operator.Runtime.Client;
using k8s;
using k8s.Models;

namespace BuildIt.Operator.Clusters;

/// <summary>What is cached of Kubernetes for the fleets, and how it is found.</summary>
internal sealed class FleetCaches(
    IObjectCache<V1Pod> pods,
    IObjectCache<V1Service> services,
    IObjectCache<V1Secret> secrets,
    IObjectCache<V1Node> nodes,
    IObjectCache<V1PodDisruptionBudget> budgets,
    IObjectCache<OldDisruptionBudget> oldBudgets)
{
    /// <summary>Only what the operator made is kept in memory.</summary>
    public static readonly ListQuery Ours = new(LabelSelector: $"{ResourceLabels.ManagedBy}={ResourceLabels.OperatorName}");

    /// <summary>From the Kubernetes node's name to the pods on it.</summary>
    public const string NodeIndex = "node";

    private const string FleetIndex = "fleet";

    public IObjectCache<V1Service> Services => services;

    public IObjectCache<V1Secret> Secrets => secrets;

    public IObjectCache<V1Node> Nodes => nodes;

    public IObjectCache<V1PodDisruptionBudget> Budgets => budgets;

    public IObjectCache<OldDisruptionBudget> OldBudgets => oldBudgets;

    /// <summary>The pods of a fleet: those it owns, and those that carry its label and belong to nobody.</summary>
    public IReadOnlyList<V1Pod> PodsOf(SfuCluster cluster) =>
    [
        .. pods.FindBy(FleetIndex, ObjectKey.Of(cluster).ToString())
            .Where(pod => ControllerOf(pod) is not { } owner || owner.Uid == cluster.Metadata.Uid)
            .OrderBy(pod => pod.Metadata.Name, StringComparer.Ordinal),
    ];

    public IReadOnlyList<V1Service> ServicesOf(SfuCluster cluster) => services.FindBy(FleetIndex, ObjectKey.Of(cluster).ToString());

    public IReadOnlyList<V1Secret> SecretsOf(SfuCluster cluster) => secrets.FindBy(FleetIndex, ObjectKey.Of(cluster).ToString());

    public IEnumerable<ObjectKey> FleetsOn(string node) =>
        pods.FindBy(NodeIndex, node).SelectMany(pod => FleetOf(pod)).Distinct();

    /// <summary>The fleet whose label an object carries.</summary>
    public static IEnumerable<ObjectKey> FleetOf(IKubernetesObject<V1ObjectMeta> item) =>
        item.Metadata.Labels is { } labels && labels.TryGetValue(SfuApi.ClusterLabel, out var cluster)
            ? [new ObjectKey(item.Metadata.NamespaceProperty ?? string.Empty, cluster)]
            : [];

    /// <summary>Makes an informer able to answer for a fleet.</summary>
    public static void AddFleetIndex<T>(Informer<T> informer)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        informer.AddIndex(FleetIndex, item => FleetOf(item).Select(key => key.ToString()));

    public static V1OwnerReference? ControllerOf(IKubernetesObject<V1ObjectMeta> item) =>
        item.Metadata.OwnerReferences?.FirstOrDefault(owner => owner.Controller == true);
}
